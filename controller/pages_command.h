// `squall completions` and `squall manual`: what the program's own definitions tell shells and man.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace squall {

struct CompletionsFlags {
  std::string shell;
};
CLI::App* AddCompletionsCommand(CLI::App& app, CompletionsFlags& flags);
// `app` is the root. The process's exit code.
int RunCompletions(const CLI::App& app, const CompletionsFlags& flags);

struct ManualFlags {
  std::vector<std::string> words;  // of a command: "fleet", "check"; none: the program itself
  std::string folder;              // write all pages there instead; empty: print one
};
CLI::App* AddManualCommand(CLI::App& app, ManualFlags& flags);
int RunManual(const CLI::App& app, const ManualFlags& flags);

}  // namespace squall
