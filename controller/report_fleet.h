// The part of the text report that tells of addresses and agents.
#pragma once

#include <string>

#include "controller/result.h"
#include "controller/terminal.h"

namespace squall {

// Ends with a line feed; empty if there is nothing to tell.
std::string FleetSections(const RunResult& result, const TextStyle& style);

}  // namespace squall
