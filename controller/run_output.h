// What a run leaves for whoever started it: its report, and the exit code.
#pragma once

#include <string>

#include "controller/result.h"

namespace squall {

// Writes the result as text and, if there is a path, as JSON (WriteReports). The process's exit
// code: 0 done, 3 not completed as asked, or not one response came, or not all could be written,
// 130 interrupted.
int PrintResult(const RunResult& result, const std::string& json_path);

}  // namespace squall
