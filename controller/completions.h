// What makes a shell complete commands and flags. Pure.
#pragma once

#include <string>

#include "controller/command_tree.h"

namespace squall {

// A script to be sourced, or to be found by name: `squall` in bash-completion's folder (bash from
// version 4 on), `_squall` in zsh's $fpath, `squall.fish` in fish's. Values complete where they are
// files (FILE), folders (DIR) or one of some words.
std::string BashCompletions(const Command& root);
std::string ZshCompletions(const Command& root);
std::string FishCompletions(const Command& root);

}  // namespace squall
