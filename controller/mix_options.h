// The requests of a plan that has several: what the file says of each, on top of what it says for
// all.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "controller/run_flags.h"
#include "controller/template_flags.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Makes one request, and its checks, of flags, in a plan that has no other.
using ResolveAlone = std::function<absl::Status(const TemplateFlags::One& one, v1::Plan& alone)>;

// Fills the plan's mix. A message about one of them begins with MixPrefix().
absl::Status ResolveMix(const RunFlags& flags, const ResolveAlone& resolve, v1::Plan& plan);

// "request list: ".
std::string MixPrefix(const NamedRequestFlags& named);

}  // namespace squall
