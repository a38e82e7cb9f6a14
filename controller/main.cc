// The one executable: the only place that knows all parts.

#include <algorithm>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <grpc/support/log.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "absl/synchronization/mutex.h"
#include "agent/agent_command.h"
#include "common/environment.h"
#include "common/journal.h"
#include "common/output.h"
#include "common/protocol.h"
#include "common/version.h"
#include "controller/calibrate_command.h"
#include "controller/certs_command.h"
#include "controller/fleet_command.h"
#include "controller/pages_command.h"
#include "controller/plan_command.h"
#include "controller/reconcile_command.h"
#include "controller/report_command.h"
#include "controller/run_command.h"
#include "controller/run_flags.h"
#include "controller/usage.h"
#include "target/target_command.h"

namespace {

// Standard output is for results. gRPC's own log would only repeat, in other words, what we say.
void SetUpLogs() {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("squall"));
  spdlog::set_formatter(squall::LogFormatter(
      squall::IsJournal(STDERR_FILENO, squall::ProcessEnvironment("JOURNAL_STREAM"))));
  gpr_set_log_function(
      [](gpr_log_func_args* entry) { spdlog::debug("event=grpc detail=\"{}\"", entry->message); });
}

}  // namespace

int main(int argc, char** argv) {
  squall::HoldStandardStreams();
  // Debian's abseil looks for deadlocks, in a graph of all locks, whenever gRPC takes one.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  SetUpLogs();
  CLI::App app("squall: load tests from many machines at once, with results you can check",
               "squall");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(squall::kVersion));
  app.footer(
      "Examples:\n"
      "  squall run http://127.0.0.1:8080/ -n 10000 -c 50\n"
      "  squall run http://10.0.0.9/ -z 30s --agents 10.0.0.5,10.0.0.6\n"
      "  squall report monday                      # again, after squall run --save monday\n"
      "  squall fleet check --agents 10.0.0.5,10.0.0.6\n"
      "  squall calibrate --agents 10.0.0.5,10.0.0.6\n"
      "  squall certs init fleet                   # who may command agents\n"
      "  squall COMMAND --help                     # more on each");

  squall::RunFlags run_flags;
  squall::PlanFlags plan_flags;
  squall::ReportFlags report_flags;
  squall::FleetFlags fleet_flags;
  squall::CalibrateFlags calibrate_flags;
  squall::ReconcileFlags reconcile_flags;
  squall::CertsFlags certs_flags;
  squall::AgentFlags agent_flags;
  squall::TargetFlags target_flags;
  squall::CompletionsFlags completions_flags;
  squall::ManualFlags manual_flags;
  CLI::App* run = squall::AddRunCommand(app, run_flags);
  CLI::App* plan = squall::AddPlanCommand(app, plan_flags);
  const CLI::App* report = squall::AddReportCommand(app, report_flags);
  const CLI::App* fleet = squall::AddFleetCommand(app, fleet_flags);
  const CLI::App* calibrate = squall::AddCalibrateCommand(app, calibrate_flags);
  const CLI::App* reconcile = squall::AddReconcileCommand(app, reconcile_flags);
  const CLI::App* certs = squall::AddCertsCommand(app, certs_flags);
  const CLI::App* agent = squall::AddAgentCommand(app, agent_flags);
  const CLI::App* target = squall::AddTargetCommand(app, target_flags);
  const CLI::App* completions = squall::AddCompletionsCommand(app, completions_flags);
  const CLI::App* manual = squall::AddManualCommand(app, manual_flags);
  CLI::App* version = app.add_subcommand("version", "Print the version of program and protocol");
  version->footer("Example:\n  squall version");

  std::vector<std::string> words(argv + 1, argv + std::max(argc, 1));
  std::vector<std::string> behind;
  if (!words.empty() && words.front() == run->get_name()) behind = squall::TakeBehindMark(words);
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the end
  try {
    app.parse(std::move(words));
    squall::GiveBehindMark(std::move(behind), *run, run_flags);
  } catch (const CLI::ParseError& error) {
    return squall::ReportUsageError(app, error);
  }

  if (run->parsed()) return squall::RunRun(*run, run_flags);
  if (plan->parsed()) return squall::RunPlan(*plan, plan_flags);
  if (report->parsed()) return squall::RunReport(report_flags);
  if (fleet->parsed()) return squall::RunFleet(*fleet, fleet_flags);
  if (calibrate->parsed()) return squall::RunCalibrate(calibrate_flags);
  if (reconcile->parsed()) return squall::RunReconcile(reconcile_flags);
  if (certs->parsed()) return squall::RunCerts(*certs, certs_flags);
  if (agent->parsed()) return squall::RunAgent(agent_flags);
  if (target->parsed()) return squall::RunTarget(target_flags);
  if (completions->parsed()) return squall::RunCompletions(app, completions_flags);
  if (manual->parsed()) return squall::RunManual(app, manual_flags);
  const bool written = squall::Print(stdout, "squall {} (protocol {})\n", squall::kVersion,
                                     squall::kProtocolVersion);
  return written ? 0 : 3;
}
