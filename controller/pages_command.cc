#include "controller/pages_command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/output.h"
#include "common/values.h"
#include "common/version.h"
#include "controller/command_tree.h"
#include "controller/completions.h"
#include "controller/manual_page.h"

namespace squall {
namespace {

constexpr int kDone = 0;
constexpr int kUsageError = 2;
constexpr int kCannotWrite = 3;

bool WriteTo(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = Write(file, text);
  return std::fclose(file) == 0 && written;
}

int WriteAllPages(const Command& root, const std::string& folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  int exit_code = kDone;
  ForEachCommand(root, [&](const Command& command) {
    const std::string path = fmt::format("{}/{}.1", folder, PageName(command));
    if (exit_code != kDone || WriteTo(path, ManualPage(root, command, kVersion))) return;
    Print(stderr, "squall manual --all: {}: {}\n", Quoted(path), std::strerror(errno));
    exit_code = kCannotWrite;
  });
  return exit_code;
}

}  // namespace

CLI::App* AddCompletionsCommand(CLI::App& app, CompletionsFlags& flags) {
  CLI::App* command =
      app.add_subcommand("completions", "Print what makes a shell complete squall's words");
  command->add_option("SHELL", flags.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Packages bring them along. Otherwise:\n"
      "\n"
      "Examples:\n"
      "  source <(squall completions bash)                     # in ~/.bashrc\n"
      "  source <(squall completions zsh)                      # in ~/.zshrc, after compinit\n"
      "  squall completions fish >~/.config/fish/completions/squall.fish");
  return command;
}

int RunCompletions(const CLI::App& app, const CompletionsFlags& flags) {
  const Command root = TreeOf(app);
  const std::string text = flags.shell == "bash"  ? BashCompletions(root)
                           : flags.shell == "zsh" ? ZshCompletions(root)
                                                  : FishCompletions(root);
  return Write(stdout, text) ? kDone : kCannotWrite;
}

CLI::App* AddManualCommand(CLI::App& app, ManualFlags& flags) {
  CLI::App* command = app.add_subcommand("manual", "Print a manual page, for man");
  CLI::Option* words =
      command->add_option("COMMAND", flags.words, "Of which command (default: squall itself)");
  command->add_option("--all", flags.folder, "Write the pages of all commands there")
      ->type_name("DIR")
      ->excludes(words);
  command->footer(
      "Examples:\n"
      "  squall manual run | man -l -\n"
      "  squall manual --all /usr/local/share/man/man1");
  return command;
}

int RunManual(const CLI::App& app, const ManualFlags& flags) {
  const Command root = TreeOf(app);
  if (!flags.folder.empty()) return WriteAllPages(root, flags.folder);
  std::string name = root.name;
  for (const std::string& word : flags.words) name += " " + word;
  const Command* command = Find(root, name);
  if (command == nullptr) {
    Print(stderr, "squall manual: there is no command {}\ntry: squall --help\n", Quoted(name));
    return kUsageError;
  }
  return Write(stdout, ManualPage(root, *command, kVersion)) ? kDone : kCannotWrite;
}

}  // namespace squall
