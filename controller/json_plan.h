// The plan as a part of a result's JSON, without what is secret in it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "squall/v1/plan.pb.h"

namespace squall {

nlohmann::ordered_json PlanJson(const v1::Plan& plan);

}  // namespace squall
