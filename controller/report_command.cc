#include "controller/report_command.h"

#include <cstdio>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "common/output.h"
#include "controller/flag_values.h"
#include "controller/result_folder.h"
#include "controller/run_output.h"
#include "controller/terminal.h"

namespace squall {
namespace {

constexpr int kUsageError = 2;

constexpr char kExamples[] =
    R"(Prints what squall run --save DIR printed, to the letter. Nothing is sent.

Examples:
  squall run --save monday -n 100000 http://10.0.0.9/ && squall report monday
  squall report monday --json - | jq .latency.success.service

Exit codes: those of the run (0 done, 3 not completed as asked, 130 interrupted), or 2: the folder
holds no result, or a damaged one.)";

int Fail(const absl::Status& status) {
  const bool utf8 = DetectStyle(STDERR_FILENO).utf8;
  Print(stderr, "squall: {}\n", Printable(std::string(status.message()), utf8));
  return kUsageError;
}

}  // namespace

CLI::App* AddReportCommand(CLI::App& app, ReportFlags& flags) {
  CLI::App* report = app.add_subcommand("report", "Print the report of a run that was saved");
  report->footer(kExamples);
  report->add_option("DIR", flags.folder, "The folder that squall run --save wrote")
      ->type_name("")
      ->required();
  report
      ->add_option_function<std::string>(
          "--json", [&flags](const std::string& text) { flags.json = text; },
          "Write the full result; - is standard output")
      ->type_name("FILE");
  return report;
}

int RunReport(const ReportFlags& flags) {
  const absl::StatusOr<RunResult> result = ReadResult(flags.folder);
  if (!result.ok()) return Fail(result.status());
  std::string json_path;
  if (absl::Status status =
          ReadOutputPath("--json", flags.json, {ResultPath(flags.folder)}, json_path);
      !status.ok()) {
    return Fail(status);
  }
  return PrintResult(*result, json_path);
}

}  // namespace squall
