#include "agent/lists_command.h"

#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/time/time.h"
#include "agent/list_folder.h"
#include "agent/state_folder.h"
#include "common/output.h"

namespace squall {
namespace {

constexpr int kDone = 0;
constexpr int kNotDone = 3;

// Of a hash, enough to tell lists apart.
constexpr size_t kShownDigits = 16;

std::string LineOf(const KeptList& list) {
  const std::string used =
      absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixNanos(list.used_ns), absl::LocalTimeZone());
  return fmt::format("{}  {:>10}  {}{}{}\n", list.name.substr(0, kShownDigits),
                     SizeText(list.bytes), used, list.whole ? "" : "  in part",
                     list.in_use ? "  in use" : "");
}

uint64_t BytesOf(const std::vector<KeptList>& lists) {
  uint64_t bytes = 0;
  for (const KeptList& list : lists) bytes += list.bytes;
  return bytes;
}

int Show(const std::string& folder, const std::vector<KeptList>& lists) {
  std::string text = fmt::format("{}: {} list{}, {}\n", folder, lists.size(),
                                 lists.size() == 1 ? "" : "s", SizeText(BytesOf(lists)));
  for (const KeptList& list : lists) text += LineOf(list);
  return Write(stdout, text) ? kDone : kNotDone;
}

int Clear(const std::string& folder, const std::vector<KeptList>& lists) {
  std::vector<KeptList> removed;
  std::string left;
  for (const KeptList& list : lists) {
    if (Remove(list)) {
      removed.push_back(list);
    } else {
      left += "left: " + LineOf(list);
    }
  }
  const bool written =
      Write(stdout, fmt::format("{}: {} list{} removed, {}\n{}", folder, removed.size(),
                                removed.size() == 1 ? "" : "s", SizeText(BytesOf(removed)), left));
  return written && left.empty() ? kDone : kNotDone;
}

}  // namespace

void AddListsCommand(CLI::App& agent, ListsFlags& flags) {
  CLI::App& command = *agent.add_subcommand(
      "lists", "Show the lists of URLs that agents here keep, or remove them");
  command.callback([&flags] { flags.asked = true; });
  for (CLI::Option* option : agent.get_options()) {
    if (option != agent.get_help_ptr()) command.excludes(option);
  }
  command.add_flag("--clear", flags.clear, "Remove them, but for those in use");
  command
      .add_option("--state", flags.state,
                  "The agent's folder, if it has another than usual\n(of the service: "
                  "/var/lib/squall)")
      ->type_name("DIR");
  command.footer(
      "An agent keeps lists so that they are sent to it once: the one used last stands first.\n"
      "\n"
      "Examples:\n"
      "  squall agent lists\n"
      "  sudo squall agent lists --clear --state /var/lib/squall\n"
      "\n"
      "Exit codes: 0 done, 3 it could not be done, or not all.");
}

int RunLists(const ListsFlags& flags) {
  const std::string folder = ListFolder(StateFolder(flags.state));
  if (folder.empty()) {
    Print(stderr, "squall agent lists: there is no folder: name it by --state DIR\n");
    return kNotDone;
  }
  const absl::StatusOr<std::vector<KeptList>> lists = ListsIn(folder);
  if (!lists.ok()) {
    Print(stderr, "squall agent lists: {}\n", std::string(lists.status().message()));
    return kNotDone;
  }
  return flags.clear ? Clear(folder, *lists) : Show(folder, *lists);
}

}  // namespace squall
