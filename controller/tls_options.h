// The flags about TLS, as part of a plan.
#pragma once

#include "absl/status/status.h"
#include "controller/run_flags.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Reads the files of --cacert, --cert and --key. They are looked into only as far as a user may
// have named the wrong file: the agents, which use them, say what else is wrong.
absl::Status ResolveTls(const RunFlags& flags, v1::Transport& transport);

}  // namespace squall
