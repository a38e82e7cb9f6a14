// The plan's checks as JSON: keys are listed in docs/checks.md.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "squall/v1/plan.pb.h"

namespace squall {

nlohmann::ordered_json ChecksJson(const v1::Checks& checks);

}  // namespace squall
