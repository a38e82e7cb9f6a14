// `squall agent lists`: the lists of URLs that agents of this machine keep.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace squall {

struct ListsFlags {
  bool asked = false;  // the subcommand was given
  bool clear = false;
  std::string state;  // a folder; empty: as StateFolder() finds it
};

// Declares the subcommand of `agent` and its flags.
void AddListsCommand(CLI::App& agent, ListsFlags& flags);

// Does what was asked. The process's exit code.
int RunLists(const ListsFlags& flags);

}  // namespace squall
