// The flags of `squall run` that say where connections go and come from.
#pragma once

#include "absl/status/status.h"
#include "controller/run_flags.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Fills the plan's transport, whose proxy is there already. Errors name the flag and say what to
// do.
absl::Status ResolveNetwork(const RunFlags& flags, v1::Transport& transport);

}  // namespace squall
