// The part of a report that says how parallel the run was.
#pragma once

#include <string>

#include "controller/result.h"
#include "controller/terminal.h"

namespace squall {

// Empty if nothing is known.
std::string ParallelismSection(const RunResult& result, const TextStyle& style);

}  // namespace squall
