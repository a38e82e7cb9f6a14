// `squall reconcile`: a run's result held against a server's access log.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace squall {

// As typed.
struct ReconcileFlags {
  std::string result;
  std::vector<std::string> logs;
  std::optional<std::string> json;
};

// Adds the subcommand `reconcile`. Parsing fills `flags`, which must outlive the parse.
CLI::App* AddReconcileCommand(CLI::App& app, ReconcileFlags& flags);

// Returns the exit code.
int RunReconcile(const ReconcileFlags& flags);

}  // namespace squall
