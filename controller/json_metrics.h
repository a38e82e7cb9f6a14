// What requests came to, as parts of a result's JSON: of the fleet, of an agent, of a named
// request.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "common/metrics.h"

namespace squall {

// How many, and how many a second.
nlohmann::ordered_json CountsJson(const Metrics& metrics, Nanos elapsed);
// How long they took. Response times and all about waiting exist only where requests came at a
// rate.
nlohmann::ordered_json TimesJson(const Metrics& metrics);
nlohmann::ordered_json HistogramJson(const Histogram& histogram);
nlohmann::ordered_json StatusesJson(const Metrics& metrics);
nlohmann::ordered_json ErrorsJson(const Metrics& metrics);

}  // namespace squall
