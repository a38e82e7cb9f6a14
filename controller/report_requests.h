// What a report says of a plan's named requests.
#pragma once

#include <string>

#include "controller/result.h"
#include "controller/terminal.h"

namespace squall {

// "3 requests by weight: list 8, view 4, create 1". Not made safe for a terminal.
std::string RequestsText(const v1::Plan& plan);

// A row for each; empty: the plan has none.
std::string RequestsSection(const RunResult& result, const TextStyle& style);

}  // namespace squall
