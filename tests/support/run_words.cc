#include "tests/support/run_words.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "absl/status/status.h"
#include "controller/plan_file.h"

namespace squall::testing {
namespace {

// Bound to flags of its own.
class RunLine {
 public:
  RunLine() : app_("", "squall") {
    app_.require_subcommand(1);
    command_ = AddRunCommand(app_, flags);
  }

  absl::Status Parse(std::vector<std::string> words) {
    std::vector<std::string> behind = TakeBehindMark(words);
    words.insert(words.begin(), "run");
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the end
    try {
      app_.parse(words);
      GiveBehindMark(std::move(behind), *command_, flags);
    } catch (const CLI::ParseError& error) {
      return absl::InternalError(error.what());
    }
    return absl::OkStatus();
  }

  CLI::App& command() { return *command_; }
  RunFlags flags;

 private:
  CLI::App app_;
  CLI::App* command_;
};

}  // namespace

absl::StatusOr<RunFlags> ParseRun(std::vector<std::string> words) {
  RunLine line;
  if (absl::Status status = line.Parse(std::move(words)); !status.ok()) return status;
  return line.flags;
}

absl::StatusOr<RunOptions> ResolveWords(std::vector<std::string> words) {
  RunLine line;
  if (absl::Status status = line.Parse(std::move(words)); !status.ok()) return status;
  return ResolveRun(line.command(), line.flags);
}

}  // namespace squall::testing
