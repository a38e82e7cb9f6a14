// How long requests took, as sections of the text report.
#pragma once

#include <string>

#include "common/metrics.h"
#include "controller/terminal.h"

namespace squall {

// Where requests came at a rate: response time, service time and schedule lag; otherwise service
// time alone. Then a picture of the first of them, and what service times are made of. Empty if
// nothing was recorded.
std::string LatencySections(const Metrics& fleet, const TextStyle& style, bool of_flows = false);

}  // namespace squall
