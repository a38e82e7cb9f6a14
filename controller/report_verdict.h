// The part of a report that says what the limit was.
#pragma once

#include <string>

#include "controller/result.h"
#include "controller/terminal.h"

namespace squall {

// Empty if there is none.
std::string VerdictSection(const RunResult& result, const TextStyle& style);

}  // namespace squall
