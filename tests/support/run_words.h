// `squall run`'s command line, for tests that begin with words.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/run_flags.h"
#include "controller/run_options.h"

namespace squall::testing {

// The words after `squall run`, as the shell would hand them over. INTERNAL: what CLI11 has against
// them.
absl::StatusOr<RunFlags> ParseRun(std::vector<std::string> words);
// The same, up to what the program makes of them: with the plan file, if they name one.
absl::StatusOr<RunOptions> ResolveWords(std::vector<std::string> words);

}  // namespace squall::testing
