#include "controller/reconcile_command.h"

#include <cstdio>
#include <unistd.h>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <sys/stat.h>

#include "common/output.h"
#include "controller/access_log.h"
#include "controller/files.h"
#include "controller/flag_values.h"
#include "controller/log_lines.h"
#include "controller/reconcile_report.h"
#include "controller/report_output.h"
#include "controller/terminal.h"

namespace squall {
namespace {

constexpr int kAgrees = 0;
constexpr int kDiffers = 1;
constexpr int kNotComparable = 2;
constexpr int kCannotWrite = 3;

// Of a run with as many recorded runs of numbers as are told.
constexpr size_t kLargestResult = size_t{256} << 20;
// Of an unreadable line, as much is kept.
constexpr size_t kBeginning = 256;

constexpr char kExamples[] =
    R"(Requests of squall run --tag are found by their numbers, if the server logs the headers Squall-Run
and Squall-Request next to each other behind the fields of its "common" or "combined" form. nginx:
  log_format squall '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                    '"$http_referer" "$http_user_agent" "$http_squall_run" "$http_squall_request"';
Apache:
  LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" \"%{Squall-Run}i\" \"%{Squall-Request}i\"" squall
Without them, lines are only counted. docs/reconcile.md has more.

Examples:
  squall run --tag --json result.json -n 100000 http://10.0.0.9/
  squall reconcile result.json access.log
  zcat access.log.*.gz | squall reconcile result.json - --json -

Exit codes: 0 log and result agree, 1 they differ, 2 usage error, or files that cannot be read or
are not of this run, 3 the report could not be written.)";

// A folder that holds a run, or the file itself.
std::string ResultPath(const std::string& named) {
  struct stat info {};
  if (stat(named.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return named;
  return named + (named.ends_with('/') ? "" : "/") + "result.json";
}

absl::Status CheckLogs(const ReconcileFlags& flags, const std::string& result) {
  for (size_t i = 0; i < flags.logs.size(); ++i) {
    if (IsSameFile(flags.logs[i], result)) {
      return Invalid("{}: this is the result itself: name the server's log", Quoted(flags.logs[i]));
    }
    for (size_t before = 0; before < i; ++before) {
      const bool same = flags.logs[i] == flags.logs[before];
      if (same || IsSameFile(flags.logs[i], flags.logs[before])) {
        return Invalid("{}: named twice: its lines would count twice", Quoted(flags.logs[i]));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status ResolveJson(const ReconcileFlags& flags, const std::string& result,
                         std::string& path) {
  absl::Status status = ReadOutputPath("--json", flags.json, {result}, path);
  for (const std::string& log : flags.logs) {
    if (status.ok()) status = ReadOutputPath("--json", flags.json, {log}, path);
  }
  return status;
}

absl::Status ReadLog(const std::string& log, Reconciler& reconciler, ReconcileReport& report) {
  uint64_t number = 0;
  return ReadLines(log, [&](std::string_view line, bool whole) {
    ++number;
    if (whole) {
      if (const auto parsed = ParseAccessLine(line)) {
        const absl::Status status = reconciler.Add(*parsed);
        return status.ok()
                   ? status
                   : Invalid("{}: line {}: {}", Quoted(log), number, std::string(status.message()));
      }
    }
    reconciler.AddUnreadable();
    if (report.unreadable.empty()) {
      report.unreadable.push_back({log, number, std::string(line.substr(0, kBeginning))});
    }
    return absl::OkStatus();
  });
}

absl::Status Reconcile(const ReconcileFlags& flags, ReconcileReport& report) {
  const absl::StatusOr<std::string> text = ReadFile(report.result, kLargestResult);
  if (!text.ok()) return text.status();
  absl::StatusOr<RunFacts> facts = ReadRunFacts(*text);
  if (!facts.ok()) {
    return Invalid("{}: {}", Quoted(report.result), std::string(facts.status().message()));
  }
  report.facts = *std::move(facts);
  report.logs = flags.logs;
  Reconciler reconciler(report.facts);
  for (const std::string& log : flags.logs) {
    if (absl::Status status = ReadLog(log, reconciler, report); !status.ok()) return status;
  }
  absl::StatusOr<Reconciliation> found = reconciler.Finish();
  if (!found.ok()) {
    const std::string first =
        report.unreadable.empty()
            ? ""
            : ", e.g. " + ToText(report.unreadable.front(), DetectStyle(STDERR_FILENO).utf8);
    return Invalid("{}: {}{}", Quoted(flags.logs.front()), std::string(found.status().message()),
                   first);
  }
  report.found = *std::move(found);
  report.conclusion = Judge(report.facts, report.found);
  return absl::OkStatus();
}

int Fail(const absl::Status& status) {
  const bool utf8 = DetectStyle(STDERR_FILENO).utf8;
  Print(stderr, "squall: {}\n", Printable(std::string(status.message()), utf8));
  return kNotComparable;
}

}  // namespace

CLI::App* AddReconcileCommand(CLI::App& app, ReconcileFlags& flags) {
  CLI::App* reconcile = app.add_subcommand(
      "reconcile", "Hold a run's result against a server's access log, request by request");
  reconcile->footer(kExamples);
  reconcile
      ->add_option("RESULT", flags.result,
                   "What squall run --json FILE wrote, or a folder with it\n(result.json)")
      ->type_name("")
      ->required();
  reconcile->add_option("ACCESS_LOG", flags.logs, "Logs, in any order; - is standard input")
      ->type_name("")
      ->required();
  reconcile
      ->add_option_function<std::string>(
          "--json", [&flags](const std::string& text) { flags.json = text; },
          "Write all that was found; - is standard output")
      ->type_name("FILE");
  return reconcile;
}

int RunReconcile(const ReconcileFlags& flags) {
  ReconcileReport report;
  report.result = ResultPath(flags.result);
  std::string json_path;
  absl::Status status = CheckLogs(flags, report.result);
  if (status.ok()) status = ResolveJson(flags, report.result, json_path);
  if (status.ok()) status = Reconcile(flags, report);
  if (!status.ok()) return Fail(status);
  const bool written = WriteReports(
      json_path, {.text = [&](const TextStyle& style) { return ReconcileText(report, style); },
                  .json = [&] { return ReconcileJson(report); }});
  if (!written) return kCannotWrite;
  return report.conclusion.agrees ? kAgrees : kDiffers;
}

}  // namespace squall
