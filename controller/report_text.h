// The result of a run as text, for people.
//
// It is read from the top: what puts the numbers in doubt comes before them. The meaning of each
// number is in docs/measurement.md.
#pragma once

#include <string>

#include "controller/result.h"
#include "controller/terminal.h"

namespace squall {

// Lines of at most style.width columns (80 are needed), each with its line break. If the run is
// incomplete, its first note is taken for the reason.
std::string TextReport(const RunResult& result, const TextStyle& style);

}  // namespace squall
