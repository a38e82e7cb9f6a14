#include "controller/calibrate_command.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>
#include <utility>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <spdlog/spdlog.h>

#include "common/file_limit.h"
#include "common/output.h"
#include "common/run_id.h"
#include "common/signals.h"
#include "controller/calibrate_report.h"
#include "controller/coordinator.h"
#include "controller/fleet.h"
#include "controller/fleet_flags.h"
#include "controller/headroom.h"
#include "controller/local_agent.h"
#include "controller/progress.h"
#include "controller/report_output.h"
#include "controller/ssh_fleet.h"
#include "controller/summary.h"
#include "controller/terminal.h"

namespace squall {
namespace {

constexpr int kAllMeasured = 0;
constexpr int kNobody = 2;
constexpr int kNotAll = 3;
constexpr int kInterruptedExit = 130;

constexpr Nanos kDefaultDuration = 3 * kSecond;
constexpr Nanos kLongestDuration = 3600 * kSecond;
constexpr Nanos kWarmUp = kSecond / 2;
constexpr Nanos kTimeout = 5 * kSecond;
// Where an agent that did not know own_target would send to: its own machine, where nobody listens.
constexpr char kNowhere[] = "http://127.0.0.1:1/";

constexpr char kExamples[] =
    R"(Each agent starts a target of its own on its own machine, sends to it for some seconds as fast as it
can, and to nobody else. What it reaches is its ceiling. It keeps it (squall agent --state), and
reports of later runs say how much of it was used. One agent after the other, as several may share a
machine; nothing else should go on there meanwhile. Without --agents it is about this machine, for
runs that name no agents.

The target takes its share of the same cores, so against a server elsewhere an agent can do more.
Requests are plain HTTP/1.1: TLS, HTTP/2, lists and large bodies cost more, and there it can do less.

Examples:
  squall calibrate
  squall calibrate --agents 10.0.0.11,10.0.0.12 -z 10s
  squall calibrate --agents @agents.txt --json ceilings.json

Exit codes: 0 all are measured, 2 usage error or no agent could be had, 3 some could not be measured,
130 interrupted.)";

struct CalibrateOptions {
  std::vector<AgentSpec> agents;
  std::shared_ptr<TlsFiles> tls;
  Nanos duration = kDefaultDuration;
  std::string json_path;
};

absl::Status Resolve(const CalibrateFlags& flags, CalibrateOptions& options) {
  absl::Status status = ResolveAgents(flags.agents, options.agents);
  if (status.ok()) {
    status = ReadDuration("-z", flags.duration, absl::Milliseconds(100), kLongestDuration,
                          [&](int64_t nanos) { options.duration = nanos; });
  }
  if (!status.ok()) return status;
  if (!options.agents.empty()) {  // one of its own needs none
    absl::StatusOr<std::shared_ptr<TlsFiles>> tls = ResolveFleetTls(flags.tls);
    if (!tls.ok()) return tls.status();
    options.tls = *std::move(tls);
  }
  return ReadOutputPath("--json", flags.json, {AgentsFile(flags.agents)}, options.json_path);
}

int Fail(const absl::Status& status) {
  const bool utf8 = DetectStyle(STDERR_FILENO).utf8;
  Print(stderr, "squall: {}\n", Printable(std::string(status.message()), utf8));
  return absl::IsCancelled(status) ? kInterruptedExit : kNobody;
}

v1::Plan PlanFor(Nanos duration) {
  v1::Plan plan;
  plan.mutable_request()->set_method("GET");
  plan.mutable_request()->set_url(kNowhere);
  plan.add_phases()->set_duration_ns(kWarmUp);
  v1::Phase& measured = *plan.add_phases();
  measured.set_measured(true);
  measured.set_duration_ns(duration);
  measured.set_drain_ns(kTimeout);
  v1::Transport& transport = *plan.mutable_transport();
  transport.set_kind(v1::TRANSPORT_KIND_HTTP1);
  transport.set_http_version(v1::HTTP_VERSION_1_1);
  transport.set_streams(1);
  transport.set_timeout_ns(kTimeout);
  return plan;
}

// Why a run that was begun has not shown a ceiling.
std::string WhyNot(const RunResult& result) {
  if (result.state != RunState::kComplete && !result.notes.empty()) return result.notes.front();
  const std::vector<ErrorRow> errors = ErrorRows(result.fleet);
  if (errors.empty()) return "it did not come to the end of the time";
  return fmt::format("{} of {} requests to its own target failed: {}", result.fleet.failed,
                     result.fleet.recorded(), errors.front().kind);
}

CalibratedAgent Found(const AgentSpec& agent, const RunResult& result) {
  CalibratedAgent found{.address = agent.address.display, .name = {}, .ceiling = {}, .detail = {}};
  if (!result.agents.empty()) {
    found.name = result.agents.front().name;
    found.ceiling = CeilingOf(result.agents.front().host);
  }
  if (!found.ceiling) {
    found.detail = fmt::format("{}: not measured: {}", found.address, WhyNot(result));
  } else if (!result.notes.empty()) {
    found.detail = result.notes.front();
  }
  return found;
}

// One agent after the other. CANCELLED if interrupted; if not one of them could be had, why.
absl::StatusOr<std::vector<CalibratedAgent>> Calibrate(const CalibrateOptions& options,
                                                       bool quiet) {
  RaiseFileLimit();
  const std::unique_ptr<Dialer> dialer = MakeGrpcDialer(options.tls);
  std::optional<LocalAgent> local;  // outlives the streams to it
  SshFleet remote(*dialer);         // the same
  std::vector<std::unique_ptr<Progress>> shown;
  std::vector<std::unique_ptr<Coordinator>> coordinators;
  // Of all agents before the first begins, so that an interrupt reaches each.
  for (size_t i = 0; i < std::max<size_t>(options.agents.size(), 1); ++i) {
    shown.push_back(std::make_unique<Progress>(stderr, Progress::ModeFor(STDERR_FILENO, quiet),
                                               DetectStyle(STDERR_FILENO)));
    coordinators.push_back(std::make_unique<Coordinator>(remote, *shown.back()));
  }
  const SignalWatcher signals({SIGINT, SIGTERM}, [&](int) {
    remote.Interrupt();
    for (const auto& coordinator : coordinators) coordinator->Interrupt();
  });
  std::vector<AgentSpec> agents = options.agents;
  if (agents.empty()) {
    absl::StatusOr<LocalAgent> started = LocalAgent::Start();
    if (!started.ok()) return started.status();
    local.emplace(*std::move(started));
    agents.push_back({.address = local->address()});
  }
  absl::Status status = remote.Start(AddressesOf(agents),
                                     [&](std::string_view line) { shown.front()->Message(line); });
  if (!status.ok()) return status;
  std::vector<CalibratedAgent> found;
  absl::Status first;  // of those that could not be had
  bool any = false;
  for (size_t i = 0; i < agents.size(); ++i) {
    shown[i]->Message(
        fmt::format("calibrating {} ({} of {})", agents[i].address.display, i + 1, agents.size()));
    Coordinator::Config config;
    config.order.run_id = NewRunId();
    config.order.plan = PlanFor(options.duration);
    config.order.own_target = true;
    config.invitation.agents = {agents[i]};
    config.abort_on_loss = true;
    const absl::StatusOr<RunResult> result = coordinators[i]->Run(std::move(config));
    if (absl::IsCancelled(result.status())) return result.status();
    if (!result.ok()) {
      first.Update(result.status());
      found.push_back({.address = agents[i].address.display,
                       .name = {},
                       .ceiling = {},
                       .detail = std::string(result.status().message())});
      continue;
    }
    if (result->state == RunState::kInterrupted) return absl::CancelledError("interrupted");
    any = true;
    found.push_back(Found(agents[i], *result));
  }
  if (!any) return first;
  return found;
}

}  // namespace

CLI::App* AddCalibrateCommand(CLI::App& app, CalibrateFlags& flags) {
  CLI::App* calibrate =
      app.add_subcommand("calibrate", "Measure how many requests a second each agent can make");
  calibrate->footer(kExamples);
  const auto text = [calibrate](const char* name, const char* placeholder,
                                std::optional<std::string>& to, const char* help) {
    calibrate
        ->add_option_function<std::string>(
            name, [&to](const std::string& value) { to = value; }, help)
        ->type_name(placeholder);
  };
  text("--agents", "LIST", flags.agents,
       "host[:port],… or @FILE with one a line, and whatever else\nsquall run takes (default: this "
       "machine)");
  text("-z,--duration", "TIME", flags.duration, "For how long each is measured (default: 3s)");
  AddFleetTlsFlags(*calibrate, flags.tls, "Options");
  text("--json", "FILE", flags.json, "Write all that was found; - is standard output");
  calibrate->add_flag("--quiet", flags.quiet, "No progress on standard error");
  return calibrate;
}

int RunCalibrate(const CalibrateFlags& flags) {
  CalibrateOptions options;
  if (absl::Status status = Resolve(flags, options); !status.ok()) return Fail(status);
  spdlog::set_level(spdlog::level::warn);
  const absl::StatusOr<std::vector<CalibratedAgent>> agents = Calibrate(options, flags.quiet);
  if (!agents.ok()) return Fail(agents.status());
  const bool written =
      WriteReports(options.json_path,
                   {.text = [&](const TextStyle& style) { return CalibrateText(*agents, style); },
                    .json = [&] { return CalibrateJson(*agents); }});
  const bool all = std::all_of(agents->begin(), agents->end(),
                               [](const CalibratedAgent& agent) { return agent.ceiling; });
  return written && all ? kAllMeasured : kNotAll;
}

}  // namespace squall
