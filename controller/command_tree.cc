#include "controller/command_tree.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace squall {
namespace {

std::string OneLine(const std::string& text) {
  std::string line = absl::StrReplaceAll(text, {{"\n", " "}});
  absl::RemoveExtraAsciiWhitespace(&line);
  return line;
}

// CLI11 puts what validators say behind the placeholder: "NAME:{systemd,launchd}".
void ReadPlaceholder(const CLI::Option& option, CommandFlag& flag) {
  if (option.get_items_expected_max() == 0) return;
  const std::string text = option.get_type_name();
  for (const char* validator : {":{", ":INT in ["}) {
    flag.placeholder = text.substr(0, text.find(validator));
    if (flag.placeholder != text) break;
  }
  if (flag.placeholder.empty()) flag.placeholder = "VALUE";
  const size_t open = text.find(":{");
  if (open == std::string::npos) return;
  const std::string list = text.substr(open + 2, text.find('}', open) - open - 2);
  flag.choices = absl::StrSplit(list, ',');
}

CommandFlag FlagOf(const CLI::Option& option) {
  CommandFlag flag;
  for (const std::string& letter : option.get_snames()) flag.letters.push_back("-" + letter);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  ReadPlaceholder(option, flag);
  if (flag.positional()) flag.placeholder = option.get_name();
  flag.help = OneLine(option.get_description());
  flag.default_value = option.get_default_str();
  flag.group = option.get_group();
  flag.repeated = option.get_expected_max() > 1;
  return flag;
}

Command Read(const CLI::App& app, const std::string& above) {
  Command command;
  command.name = above + app.get_name();
  command.help = OneLine(app.get_description());
  command.footer = app.get_footer();
  command.needs_command = app.get_require_subcommand_min() > 0;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) command.flags.push_back(FlagOf(*option));
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!below->get_group().empty()) command.commands.push_back(Read(*below, command.name + " "));
  }
  return command;
}

}  // namespace

std::string_view Command::last_word() const {
  return std::string_view(name).substr(name.rfind(' ') + 1);
}

Command TreeOf(const CLI::App& app) { return Read(app, ""); }

const Command* Find(const Command& root, std::string_view name) {
  const Command* found = nullptr;
  ForEachCommand(root, [&](const Command& command) {
    if (command.name == name) found = &command;
  });
  return found;
}

}  // namespace squall
