#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "absl/strings/str_replace.h"
#include "controller/completions.h"

namespace squall {
namespace {

constexpr std::string_view kNothing = " ";  // an action of _arguments

// For single quotes, with a backslash before each of `special`.
std::string Escaped(std::string_view text, std::string_view special) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\'') {
      escaped += R"('\'')";
      continue;
    }
    if (c == '\\' || special.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string FunctionName(const Command& command) {
  return "_" + absl::StrReplaceAll(command.name, {{" ", "_"}, {"-", "_"}});
}

std::string Action(const CommandFlag& flag) {
  if (!flag.choices.empty()) return fmt::format("({})", fmt::join(flag.choices, " "));
  if (flag.placeholder == "FILE") return "_files";
  if (flag.placeholder == "DIR") return "_files -/";
  return std::string(kNothing);
}

// ":FILE:_files", or nothing for a flag without a value.
std::string Value(const CommandFlag& flag) {
  if (flag.placeholder.empty()) return "";
  return fmt::format(":{}:{}", Escaped(flag.placeholder, ":"), Action(flag));
}

// An argument of _arguments: '(-n --requests)'{-n+,--requests=}'[Requests in total]:N: '.
std::string Specification(const CommandFlag& flag) {
  if (flag.positional()) {
    return fmt::format("':{}:{}'", Escaped(flag.placeholder, ":"), Action(flag));
  }
  std::vector<std::string> names;  // as they are
  std::vector<std::string> forms;  // with how a value is joined to them
  const bool valued = !flag.placeholder.empty();
  for (const std::string& letter : flag.letters) {
    names.push_back(letter);
    forms.push_back(letter + (valued ? "+" : ""));
  }
  for (const std::string& name : flag.names) {
    names.push_back(name);
    forms.push_back(name + (valued ? "=" : ""));
  }
  const std::string front = flag.repeated ? "*" : fmt::format("({})", fmt::join(names, " "));
  const std::string rest = fmt::format("'[{}]{}'", Escaped(flag.help, "[]"), Value(flag));
  if (forms.size() == 1) return fmt::format("'{}{}{}", front, forms.front(), rest.substr(1));
  return fmt::format("'{}'{{{}}}{}", front, fmt::join(forms, ","), rest);
}

std::string Function(const Command& command) {
  std::string text = fmt::format("{}() {{\n", FunctionName(command));
  const bool nested = !command.commands.empty();
  if (nested) {
    text += "  local context curcontext=$curcontext state line\n  local -a commands\n";
    text += "  typeset -A opt_args\n";
  }
  text += nested ? "  _arguments -C -s -S" : "  _arguments -s -S";
  for (const CommandFlag& flag : command.flags) {
    // An argument that nothing is known of would only be in the way: zsh tells of it, and completes
    // no flag in its place.
    if (flag.positional() && Action(flag) == kNothing) continue;
    text += fmt::format(" \\\n    {}", Specification(flag));
  }
  if (!nested) return text + "\n}\n\n";
  text += " \\\n    ': :->command' \\\n    '*:: :->rest'\n  case $state in\n    command)\n";
  text += "      commands=(\n";
  for (const Command& below : command.commands) {
    text += fmt::format("        '{}:{}'\n", below.last_word(), Escaped(below.help, ":"));
  }
  text +=
      "      )\n      _describe command commands\n      ;;\n    rest)\n      case $words[1] in\n";
  for (const Command& below : command.commands) {
    text += fmt::format("        {}) {} ;;\n", below.last_word(), FunctionName(below));
  }
  return text + "      esac\n      ;;\n  esac\n}\n\n";
}

}  // namespace

std::string ZshCompletions(const Command& root) {
  std::string text =
      "#compdef squall\n# zsh completion for squall, by `squall completions zsh`.\n\n";
  ForEachCommand(root, [&](const Command& command) { text += Function(command); });
  // Found by name it is the body of the function itself; sourced, it has to be made known.
  return text +
         "if [[ $funcstack[1] == _squall ]]; then\n  _squall \"$@\"\nelse\n  compdef _squall "
         "squall\nfi\n";
}

}  // namespace squall
