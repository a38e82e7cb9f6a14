// A command line of curl as a plan (controller/plan_file.h): what a browser's "copy as cURL" gives.
//
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace squall {

// The words of a line as a POSIX shell takes them apart, and bash's $'…' as well; nothing is
// expanded. INVALID_ARGUMENT: a quote without its end.
absl::StatusOr<std::vector<std::string>> ShellWords(std::string_view line);

// The text of a plan. `words` are "curl" and its arguments, or all of them in one, as they stand in
// a shell. What only says how curl shows an answer is left out. INVALID_ARGUMENT names a flag that
// has no counterpart here.
absl::StatusOr<std::string> PlanFromCurl(const std::vector<std::string>& words);

}  // namespace squall
