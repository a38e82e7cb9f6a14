// Carries out what service_steps.h plans, on this machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/service_steps.h"

namespace squall {

// All of a file; nothing if it cannot be read.
std::optional<std::string> TextOf(const std::string& path);

// Errors name the file or the program, and what the system says.
absl::Status CarryOut(const ServiceStep& step);

struct ProgramOutput {
  int exit_code;  // 128 + N: ended by signal N
  std::string text;
};

// Runs a program, found in $PATH, to its end, and returns what it wrote to its standard output.
// NOT_FOUND if there is none of the name.
absl::StatusOr<ProgramOutput> OutputOf(const std::vector<std::string>& words);

}  // namespace squall
