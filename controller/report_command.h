// `squall report`: prints again what a run came to.
#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace squall {

// As they were typed.
struct ReportFlags {
  std::string folder;
  std::optional<std::string> json;
};

// Adds the subcommand `report`. Parsing fills `flags`, which must outlive the parse.
CLI::App* AddReportCommand(CLI::App& app, ReportFlags& flags);

// The process's exit code: that of the run (PrintResult), or 2 if its folder cannot be read.
int RunReport(const ReportFlags& flags);

}  // namespace squall
