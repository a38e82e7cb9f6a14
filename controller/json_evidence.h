// The parts of a result's JSON that say what can be believed.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "controller/result.h"

namespace squall {

// null where nothing is known.
nlohmann::ordered_json VerdictJson(const RunResult& result);
nlohmann::ordered_json ParallelismJson(const RunResult& result);

}  // namespace squall
