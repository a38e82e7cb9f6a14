#include "controller/run_command.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <spdlog/spdlog.h>

#include "common/file_limit.h"
#include "common/heap.h"
#include "common/output.h"
#include "common/phases.h"
#include "common/run_id.h"
#include "common/signals.h"
#include "controller/coordinator.h"
#include "controller/flag_values.h"
#include "controller/fleet.h"
#include "controller/local_agent.h"
#include "controller/missed_urls.h"
#include "controller/plan_file.h"
#include "controller/progress.h"
#include "controller/run_archive.h"
#include "controller/run_options.h"
#include "controller/run_output.h"
#include "controller/script_end.h"
#include "controller/ssh_fleet.h"
#include "controller/terminal.h"

namespace squall {
namespace {

constexpr int kNothingSent = 2;
constexpr int kNotAsAsked = 3;
constexpr int kInterruptedExit = 130;

int Fail(const absl::Status& status) {
  const bool utf8 = DetectStyle(STDERR_FILENO).utf8;
  Print(stderr, "squall: {}\n", Printable(std::string(status.message()), utf8));
  return absl::IsCancelled(status) ? kInterruptedExit : kNothingSent;
}

// The run itself, with an agent of its own if none is named. While it lasts, Ctrl-C is its
// business; before and after, it ends the process. Uses the options up, but for the list.
absl::StatusOr<RunResult> Execute(RunOptions& options, RunArchive* archive, Progress& progress) {
  RaiseFileLimit();  // a stream to each agent
  const std::unique_ptr<Dialer> dialer = MakeGrpcDialer(options.fleet.tls);
  std::optional<LocalAgent> local;  // outlives the streams to it
  SshFleet remote(*dialer);         // the same
  Coordinator coordinator(remote, progress);
  const SignalWatcher signals({SIGINT, SIGTERM}, [&](int) {
    remote.Interrupt();
    coordinator.Interrupt();
  });
  FleetOptions& fleet = options.fleet;
  if (fleet.invitation.agents.empty() && !fleet.listen) {
    absl::StatusOr<LocalAgent> started = LocalAgent::Start();
    if (!started.ok()) return started.status();
    local.emplace(*std::move(started));
    fleet.invitation.agents.push_back({.address = local->address()});
  }
  absl::Status status = remote.Start(AddressesOf(fleet.invitation.agents),
                                     [&](std::string_view line) { progress.Message(line); });
  if (!status.ok()) return status;
  // Who joins late is not to keep the others waiting.
  if (options.list != nullptr && fleet.invitation.join_late) status = options.list->Unpack();
  if (!status.ok()) return status;
  absl::StatusOr<RunResult> result =
      coordinator.Run({.order = {.run_id = NewRunId(),
                                 .plan = std::move(options.plan),
                                 .list = options.list,
                                 .feeder_text = std::move(options.feeder_text),
                                 .times = fleet.times},
                       .invitation = std::move(fleet.invitation),
                       .listen = std::move(fleet.listen),
                       .tls = std::move(fleet.tls),
                       .abort_on_loss = fleet.abort_on_loss,
                       .archive = archive});
  return result;
}

// False: it failed, or not all could be written.
bool CallDone(const RunResult& result, const std::string& json_path) {
  // Nothing stands beside a JSON result.
  std::FILE* const to = json_path == "-" ? stderr : stdout;
  bool written = true;
  const absl::Status status =
      EndScript(result, [&](std::string_view text) { written = Write(to, text) && written; });
  if (!status.ok()) Fail(For("-s", status));
  return status.ok() && written;
}

}  // namespace

int RunRun(CLI::App& command, RunFlags& flags) {
  KeepFreeMemory();
  absl::StatusOr<RunOptions> options = ResolveRun(command, flags);
  if (!options.ok()) return Fail(options.status());
  spdlog::set_level(options->log_level);

  Progress progress(stderr, Progress::ModeFor(STDERR_FILENO, options->quiet),
                    DetectStyle(STDERR_FILENO));
  for (const std::string& line : options->script_said) progress.Message(line);
  const std::string json_path = options->json_path;
  const std::string coverage_path = options->coverage_path;
  std::unique_ptr<RunArchive> archive;
  if (!options->save_path.empty()) {
    const bool open_loop = MeasuredPhase(options->plan).has_arrivals();
    auto created = RunArchive::Create(options->save_path, open_loop);
    if (!created.ok()) return Fail(For("--save", created.status()));
    archive = *std::move(created);
  }
  absl::StatusOr<RunResult> result = Execute(*options, archive.get(), progress);
  if (!result.ok()) return Fail(result.status());
  if (archive != nullptr) archive->Finish(*result);
  int code = PrintResult(*result, json_path);
  if (!CallDone(*result, json_path) && code == 0) code = kNotAsAsked;
  if (coverage_path.empty()) return code;
  const bool written = WriteMissedUrls(coverage_path, *options->list, result->coverage->reached);
  return written || code != 0 ? code : kNotAsAsked;
}

}  // namespace squall
