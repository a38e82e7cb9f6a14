// Where a report goes: standard output, a file, or both.
#pragma once

#include <functional>
#include <string>

#include "controller/terminal.h"

namespace squall {

// One thing in its two forms.
struct Report {
  std::function<std::string(const TextStyle& style)> text;
  std::function<std::string()> json;
};

// The text to standard output and, if there is a path, the JSON to that file; "-": the JSON to
// standard output instead. False, with a message, if not all of it could be written.
bool WriteReports(const std::string& json_path, const Report& report);

}  // namespace squall
