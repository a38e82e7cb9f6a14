#include "tests/support/run_words.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "absl/status/status.h"

namespace squall::testing {

absl::StatusOr<RunFlags> ParseRun(std::vector<std::string> words) {
  CLI::App app("", "squall");
  app.require_subcommand(1);
  RunFlags flags;
  AddRunCommand(app, flags);
  words.insert(words.begin(), "run");
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the end
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return absl::InternalError(error.what());
  }
  return flags;
}

}  // namespace squall::testing
