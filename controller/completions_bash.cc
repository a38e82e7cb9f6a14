#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/completions.h"

namespace squall {
namespace {

constexpr std::string_view kHead = R"(# bash completion for squall, by `squall completions bash`.
_squall() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local command=squall words= index
  COMPREPLY=()
  # bash takes --flag=value for three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((index = 1; index < COMP_CWORD; ++index)); do
    case "$command ${COMP_WORDS[index]}" in
)";

constexpr std::string_view kTail = R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _squall squall
)";

// No name of ours has a quote in it.
std::string Quoted(const std::string& word) { return "'" + word + "'"; }

// "'squall run -D' | 'squall run --data-file'".
std::string Pattern(const Command& command, const CommandFlag& flag) {
  std::vector<std::string> patterns;
  for (const auto& names : {flag.letters, flag.names}) {
    for (const std::string& name : names) patterns.push_back(Quoted(command.name + " " + name));
  }
  return fmt::format("{}", fmt::join(patterns, " | "));
}

// What a value may be, as a command that fills COMPREPLY.
std::string Values(const CommandFlag& flag) {
  constexpr std::string_view kFill = R"(mapfile -t COMPREPLY < <(compgen {} -- "$word"))";
  if (!flag.choices.empty()) {
    return fmt::format(kFill, fmt::format("-W '{}'", fmt::join(flag.choices, " ")));
  }
  if (flag.placeholder == "FILE") return "compopt -o filenames; " + fmt::format(kFill, "-f");
  if (flag.placeholder == "DIR") return "compopt -o filenames; " + fmt::format(kFill, "-d");
  return ":";
}

// Every word that may stand behind the command.
std::string Words(const Command& command) {
  std::vector<std::string> words;
  for (const Command& below : command.commands) words.emplace_back(below.last_word());
  for (const CommandFlag& flag : command.flags) {
    words.insert(words.end(), flag.letters.begin(), flag.letters.end());
    words.insert(words.end(), flag.names.begin(), flag.names.end());
    if (flag.positional()) words.insert(words.end(), flag.choices.begin(), flag.choices.end());
  }
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace

std::string BashCompletions(const Command& root) {
  std::string commands;
  std::string values;
  std::string words;
  ForEachCommand(root, [&](const Command& command) {
    if (&command != &root) {
      commands +=
          fmt::format("      {}) command+=\" ${{COMP_WORDS[index]}}\" ;;\n", Quoted(command.name));
    }
    for (const CommandFlag& flag : command.flags) {
      if (flag.placeholder.empty() || flag.positional()) continue;
      values += fmt::format("    {})\n      {}\n      return\n      ;;\n", Pattern(command, flag),
                            Values(flag));
    }
    words += fmt::format("    {}) words='{}' ;;\n", Quoted(command.name), Words(command));
  });
  return fmt::format(
      "{}{}    esac\n  done\n  case \"$command $before\" in\n{}  esac\n  case \"$command\" "
      "in\n{}{}",
      kHead, commands, values, words, kTail);
}

}  // namespace squall
