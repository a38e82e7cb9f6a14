// A script is tried before anything is sent.
#pragma once

#include "absl/status/status.h"
#include "common/script.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Does once, in states that are thrown away, what a worker does: setup(), init(), delay() and
// request(0), of a plan that is good but for its script. Of user(), user 0 up to its first request:
// what it does with an answer cannot be known without one. INVALID_ARGUMENT says where it fails,
// and what was meant if a name is near. `print` gets what it says. `users`: whether it has a
// user(); `rows`: what its users have as u.data.
absl::Status TryScript(const v1::Plan& plan, Script::Print print, bool* users = nullptr,
                       UserRows::Ptr rows = nullptr);

}  // namespace squall
