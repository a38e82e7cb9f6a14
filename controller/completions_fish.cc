#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "absl/strings/str_replace.h"
#include "controller/completions.h"

namespace squall {
namespace {

std::string Quoted(const std::string& text) {
  return "'" + absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}) + "'";
}

// How a value completes: -x takes one, and no file in its place.
std::string Value(const CommandFlag& flag) {
  if (flag.placeholder.empty()) return "";
  if (!flag.choices.empty()) {
    return fmt::format(" -x -a {}", Quoted(fmt::format("{}", fmt::join(flag.choices, " "))));
  }
  if (flag.placeholder == "FILE") return " -r -F";
  if (flag.placeholder == "DIR") return " -x -a '(__fish_complete_directories)'";
  return " -x";
}

std::string Flag(const std::string& condition, const CommandFlag& flag) {
  if (flag.positional() && flag.choices.empty() && flag.placeholder != "FILE" &&
      flag.placeholder != "DIR") {
    return "";
  }
  std::string line = condition;
  for (const std::string& letter : flag.letters) line += " -s " + letter.substr(1);
  for (const std::string& name : flag.names) line += " -l " + name.substr(2);
  if (flag.positional() && flag.placeholder == "FILE" && flag.choices.empty()) {
    return line + " -F\n";
  }
  std::string value = Value(flag);
  if (flag.positional()) value = value.substr(value.find(" -a"));
  return fmt::format("{}{} -d {}\n", line, value, Quoted(flag.help));
}

}  // namespace

std::string FishCompletions(const Command& root) {
  std::vector<std::string> names;
  std::string lines;
  ForEachCommand(root, [&](const Command& command) {
    names.push_back(Quoted(command.name));
    const std::string condition =
        fmt::format("complete -c squall -n {}", Quoted("__squall_is " + command.name));
    for (const Command& below : command.commands) {
      lines += fmt::format("{} -a {} -d {}\n", condition, below.last_word(), Quoted(below.help));
    }
    for (const CommandFlag& flag : command.flags) lines += Flag(condition, flag);
  });
  return fmt::format(R"(# fish completion for squall, by `squall completions fish`.
function __squall_command
    set -l command squall
    for word in (commandline -opc)[2..-1]
        if contains -- "$command $word" {}
            set command "$command $word"
        end
    end
    echo $command
end
function __squall_is
    test (__squall_command) = "$argv"
end
complete -c squall -f
{})",
                     fmt::join(names, " "), lines);
}

}  // namespace squall
