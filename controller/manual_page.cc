#include "controller/manual_page.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace squall {
namespace {

// Text for roff: a hyphen that is one in the terminal too, and no line that is taken for a request.
std::string Roff(std::string_view text) {
  std::string roff =
      absl::StrReplaceAll(absl::string_view(text.data(), text.size()), {{"\\", "\\e"},
                                                                        {"-", "\\-"},
                                                                        {"'", "\\(aq"},
                                                                        {"`", "\\(ga"},
                                                                        {"^", "\\(ha"},
                                                                        {"~", "\\(ti"}});
  if (roff.starts_with('.')) roff.insert(0, "\\&");
  return roff;
}

std::string Bold(std::string_view text) { return fmt::format("\\fB{}\\fR", Roff(text)); }
std::string Italic(std::string_view text) { return fmt::format("\\fI{}\\fR", Roff(text)); }

std::string Section(std::string_view title) {
  return fmt::format(".SH \"{}\"\n", absl::AsciiStrToUpper({title.data(), title.size()}));
}

// "\fBsquall run\fR [\fIFLAG\fR]... [\fIURL\fR]".
std::string Synopsis(const Command& command) {
  std::string line = Bold(command.name);
  const auto is_flag = [](const CommandFlag& flag) { return !flag.positional(); };
  if (std::any_of(command.flags.begin(), command.flags.end(), is_flag)) {
    line += fmt::format(" [{}]...", Italic("FLAG"));
  }
  for (const CommandFlag& flag : command.flags) {
    if (flag.positional()) line += fmt::format(" [{}]", Italic(flag.placeholder));
  }
  if (command.needs_command) {
    line += fmt::format(" {}", Italic("COMMAND"));
  } else if (!command.commands.empty()) {
    line += fmt::format("\n.br\n{} {} ...", Bold(command.name), Italic("COMMAND"));
  }
  return line + '\n';
}

std::string Flag(const CommandFlag& flag) {
  std::vector<std::string> names;
  for (const auto& several : {flag.letters, flag.names}) {
    for (const std::string& name : several) names.push_back(Bold(name));
  }
  std::string line;
  for (const std::string& name : names) line += (line.empty() ? "" : ", ") + name;
  if (!flag.placeholder.empty()) {
    line += fmt::format("{}{}", line.empty() ? "" : " ", Italic(flag.placeholder));
  }
  std::string help = flag.help;
  if (!flag.choices.empty()) help += fmt::format(": {}", fmt::join(flag.choices, ", "));
  if (!flag.default_value.empty()) help += fmt::format(" (default: {})", flag.default_value);
  return fmt::format(".TP\n{}\n{}\n", line, Roff(help));
}

// The flags under their titles, in the order of the help.
std::string Flags(const Command& command) {
  std::vector<std::string> groups;
  for (const CommandFlag& flag : command.flags) {
    if (std::find(groups.begin(), groups.end(), flag.group) == groups.end()) {
      groups.push_back(flag.group);
    }
  }
  std::string text;
  for (const std::string& group : groups) {
    text += Section(group);
    for (const CommandFlag& flag : command.flags) {
      if (flag.group == group) text += Flag(flag);
    }
  }
  return text;
}

// A piece of a footer between blank lines: what is indented in it stays as it is.
std::string Block(const std::vector<std::string>& lines) {
  std::string text = ".PP\n";
  bool verbatim = false;
  for (const std::string& line : lines) {
    const bool indented = line.starts_with("  ");
    if (indented != verbatim) text += indented ? ".EX\n" : ".EE\n";
    verbatim = indented;
    text += Roff(line) + '\n';
  }
  return text + (verbatim ? ".EE\n" : "");
}

// What stands below the flags in the help: notes, and examples.
std::string Footer(const std::string& footer) {
  std::string notes;
  std::string examples;
  std::vector<std::string> block;
  std::vector<std::string> lines = absl::StrSplit(footer, '\n');
  lines.emplace_back();
  for (const std::string& line : lines) {
    if (!line.empty()) {
      block.push_back(line);
      continue;
    }
    if (!block.empty()) {
      const bool is_example = block.front().starts_with("Example");
      if (is_example) block.erase(block.begin());
      (is_example ? examples : notes) += Block(block);
    }
    block.clear();
  }
  if (!notes.empty()) notes = Section("Notes") + notes;
  if (!examples.empty()) examples = Section("Examples") + examples;
  return notes + examples;
}

std::string Commands(const Command& command) {
  if (command.commands.empty()) return "";
  std::string text = Section("Commands");
  for (const Command& below : command.commands) {
    text += fmt::format(".TP\n{}(1)\n{}\n", Bold(PageName(below)), Roff(below.help));
  }
  return text;
}

// The page above, or those of all commands.
std::string SeeAlso(const Command& root, const Command& command) {
  const size_t above = command.name.rfind(' ');
  if (above == std::string::npos) return "";
  const Command* parent = Find(root, std::string_view(command.name).substr(0, above));
  return Section("See also") + fmt::format("{}(1)\n", Bold(PageName(*parent)));
}

}  // namespace

std::string PageName(const Command& command) {
  return absl::StrReplaceAll(command.name, {{" ", "-"}});
}

std::string ManualPage(const Command& root, const Command& command, std::string_view version) {
  const std::string name = PageName(command);
  // The name of the root begins its description: "squall: load tests from …".
  std::string_view help = command.help;
  const std::string prefix = command.name + ": ";
  if (help.starts_with(prefix)) help.remove_prefix(prefix.size());
  return fmt::format(".TH {} 1 \"\" \"squall {}\" \"User Commands\"\n", absl::AsciiStrToUpper(name),
                     version) +
         Section("Name") + fmt::format("{} \\- {}\n", Roff(name), Roff(help)) +
         Section("Synopsis") + Synopsis(command) + Commands(command) + Flags(command) +
         Footer(command.footer) + SeeAlso(root, command);
}

}  // namespace squall
