// The commands and flags of the program as plain words: what completions and manual pages are made
// of. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace squall {

struct CommandFlag {
  std::vector<std::string> letters;  // "-n"; empty names: it is known by its place in the line
  std::vector<std::string> names;    // "--requests"
  std::string placeholder;           // of its value, "FILE"; empty: it has none
  std::vector<std::string> choices;  // all values that it may have; empty: any
  std::string help;                  // in one line
  std::string default_value;         // empty: none, or `help` says it
  std::string group;                 // the title that it stands under
  bool repeated = false;             // may be given more than once

  bool positional() const { return letters.empty() && names.empty(); }
};

struct Command {
  std::string name;  // "squall fleet check"
  std::string help;
  std::string footer;
  std::vector<CommandFlag> flags;
  std::vector<Command> commands;
  bool needs_command = false;

  // "check".
  std::string_view last_word() const;
};

// Without what is hidden: flags and commands with no group.
Command TreeOf(const CLI::App& app);

// The command of that name, or null.
const Command* Find(const Command& root, std::string_view name);

// Calls `visit` with the command and all below it, the outermost first.
template <typename Visit>
void ForEachCommand(const Command& command, const Visit& visit) {
  visit(command);
  for (const Command& below : command.commands) ForEachCommand(below, visit);
}

}  // namespace squall
