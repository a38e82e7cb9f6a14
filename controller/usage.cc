#include "controller/usage.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include "common/nearest_word.h"
#include "common/output.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr int kUsageExitCode = 2;
constexpr int kCannotWriteExitCode = 3;

std::vector<std::string> Commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

bool HasCommands(const CLI::App& app) { return !Commands(app).empty(); }

// Other than those that every command has.
bool HasFlags(const CLI::App& app) { return app.get_options().size() > 2 || !HasCommands(app); }

// "squall fleet check".
std::string FullName(const CLI::App& command) {
  if (command.get_parent() == nullptr) return command.get_name();
  return fmt::format("{} {}", FullName(*command.get_parent()), command.get_name());
}

std::string UnknownFlag(const CLI::App& command, std::string_view typed) {
  typed = typed.substr(0, typed.find('='));
  std::string_view name = typed;
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    names.insert(names.end(), option->get_lnames().begin(), option->get_lnames().end());
  }
  const std::string nearest = NearestWord(name, names);
  if (nearest.empty()) {
    return fmt::format("unknown flag {}{}", Quoted(typed),
                       HasFlags(command) ? "" : "; flags stand behind a command");
  }
  return fmt::format("unknown flag {}; did you mean --{}?", Quoted(typed), nearest);
}

std::string UnknownCommand(const CLI::App& app, std::string_view typed) {
  const std::vector<std::string> commands = Commands(app);
  std::string nearest = NearestWord(typed, commands);
  if (app.get_parent() == nullptr && typed.find("://") != std::string_view::npos)
    nearest = fmt::format("run {}", typed);
  if (nearest.empty()) {
    return fmt::format("unknown command {}; there {} {}", Quoted(typed),
                       commands.size() == 1 ? "is" : "are", fmt::join(commands, ", "));
  }
  return fmt::format("unknown command {}; did you mean {} {}?", Quoted(typed), FullName(app),
                     Quoted(nearest));
}

// What the parse left over, or nothing.
std::string Leftover(const CLI::App& command) {
  const std::vector<std::string> words = command.remaining();
  if (words.empty()) return {};
  // A misspelt flag often leaves its value behind as well, or takes the URL's place with it.
  const auto flag = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word.size() > 1 && word.starts_with('-') && word != "--";
  });
  if (flag != words.end()) return UnknownFlag(command, *flag);
  if (HasCommands(command)) return UnknownCommand(command, words.front());
  return fmt::format("unexpected argument {}", Quoted(words.front()));
}

// As the help has it: "-n, --requests".
std::string FlagName(const CLI::Option& option) {
  const std::vector<std::string>& letters = option.get_snames();
  if (letters.empty() || option.get_lnames().empty()) return option.get_name();
  return fmt::format("-{}, --{}", letters.front(), option.get_lnames().front());
}

// The flag that was given more often than it may be, or nothing.
std::string GivenTwice(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    const auto most = static_cast<size_t>(std::max(option->get_items_expected_max(), 1));
    if (option->count() > most && option->get_items_expected_min() > 0) {
      return fmt::format("{} is given twice", FlagName(*option));
    }
  }
  return {};
}

// CLI11 tells which flag an error is about only in the words before the first colon.
std::string ValueMissing(const CLI::App& command, const CLI::ParseError& error) {
  const std::string what = error.what();
  const std::string name = what.substr(0, what.find(':'));
  const CLI::Option* option = command.get_option_no_throw(name);
  return fmt::format("{} needs a value", option != nullptr ? FlagName(*option) : name);
}

std::string Problem(const CLI::App& command, const CLI::ParseError& error) {
  std::string problem = Leftover(command);
  if (problem.empty() && dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    problem = GivenTwice(command);
    if (problem.empty()) problem = ValueMissing(command, error);
  }
  if (problem.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
      HasCommands(command)) {
    problem = fmt::format("a command is missing: {}", fmt::join(Commands(command), ", "));
  }
  return problem.empty() ? error.what() : problem;
}

// The command that the error is about: the innermost that was being parsed, or the first on the way
// there that has something left over.
const CLI::App& FaultyCommand(const CLI::App& app) {
  const CLI::App* command = &app;
  while (command->remaining().empty() && !command->get_subcommands().empty()) {
    command = command->get_subcommands().back();
  }
  return *command;
}

}  // namespace

std::string UsageMessage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = FaultyCommand(app);
  return fmt::format("{}: {}\ntry: {} --help\n", app.get_name(), Problem(command, error),
                     FullName(command));
}

int ReportUsageError(const CLI::App& app, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::CallForHelp*>(&error) != nullptr) {
    return Write(stdout, app.help()) ? 0 : kCannotWriteExitCode;
  }
  if (dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr) {
    return Print(stdout, "{}\n", error.what()) ? 0 : kCannotWriteExitCode;
  }
  Write(stderr, UsageMessage(app, error));
  return kUsageExitCode;
}

}  // namespace squall
