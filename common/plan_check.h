// What every plan must hold to, whoever made it: the controller checks before it sends one, the
// agent before it believes one.
#pragma once

#include "absl/status/status.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// INVALID_ARGUMENT with the field and what is wrong with it.
absl::Status CheckPlan(const v1::Plan& plan);

}  // namespace squall
