// The result of a run as JSON, for programs. The keys are listed in docs/measurement.md; they are
// only ever added to.
#pragma once

#include <string>

#include "controller/result.h"

namespace squall {

// One object, indented, with a line break at the end. ASCII only: other characters are written as
// \uXXXX, so the file is harmless in a terminal too; bytes that are not UTF-8 become U+FFFD.
std::string JsonReport(const RunResult& result);

}  // namespace squall
