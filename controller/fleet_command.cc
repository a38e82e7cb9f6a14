#include "controller/fleet_command.h"

#include <cstdio>
#include <unistd.h>
#include <utility>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <spdlog/spdlog.h>

#include "absl/time/clock.h"
#include "common/output.h"
#include "common/signals.h"
#include "common/tls_files.h"
#include "controller/fleet.h"
#include "controller/fleet_check.h"
#include "controller/fleet_check_report.h"
#include "controller/fleet_flags.h"
#include "controller/report_output.h"
#include "controller/ssh_fleet.h"
#include "controller/terminal.h"

namespace squall {
namespace {

constexpr int kAllOk = 0;
constexpr int kUsageError = 2;
constexpr int kNotAllOk = 3;
constexpr int kInterruptedExit = 130;

constexpr Nanos kDefaultTimeout = 5 * kSecond;
constexpr Nanos kLongestTimeout = 3600 * kSecond;

constexpr char kExamples[] =
    R"(No agent is taken, and runs that are going on are not disturbed: a busy agent says whose it is. Of
the others the speed of the way there and back is measured, one after the other, in at most a
second each. --agents is that of squall run; weights (host*2) mean nothing here.

Examples:
  squall fleet check --agents client1,client2:7401,[2001:db8::7]:7400
  squall fleet check --agents @agents.txt && squall run --agents @agents.txt -z 30s http://10.0.0.9/
  squall fleet check --agents @agents.txt --json - | jq '.agents[] | select(.ok | not)'

Exit codes: 0 all can be used now, 2 usage error, 3 some cannot (unreachable, busy, another
version), 130 interrupted.)";

struct CheckOptions {
  std::vector<Address> agents;
  std::shared_ptr<TlsFiles> tls;
  Nanos timeout = kDefaultTimeout;
  std::string json_path;
};

absl::Status Resolve(const FleetFlags& flags, CheckOptions& options) {
  std::vector<AgentSpec> specs;
  absl::Status status = ResolveAgents(flags.agents, specs);
  options.agents = AddressesOf(specs);
  if (status.ok()) {
    status = ReadDuration("--timeout", flags.timeout, absl::Milliseconds(1), kLongestTimeout,
                          [&](int64_t nanos) { options.timeout = nanos; });
  }
  if (!status.ok()) return status;
  absl::StatusOr<std::shared_ptr<TlsFiles>> tls = ResolveFleetTls(flags.tls);
  if (!tls.ok()) return tls.status();
  options.tls = *std::move(tls);
  return ReadOutputPath("--json", flags.json, {AgentsFile(flags.agents)}, options.json_path);
}

int Fail(const absl::Status& status) {
  const bool utf8 = DetectStyle(STDERR_FILENO).utf8;
  Print(stderr, "squall: {}\n", Printable(std::string(status.message()), utf8));
  return absl::IsCancelled(status) ? kInterruptedExit : kUsageError;
}

int Check(const FleetFlags& flags) {
  CheckOptions options;
  if (absl::Status status = Resolve(flags, options); !status.ok()) return Fail(status);
  spdlog::set_level(spdlog::level::warn);

  const absl::Time checked_at = absl::Now();
  const std::unique_ptr<Dialer> dialer = MakeGrpcDialer(options.tls);
  SshFleet remote(*dialer);
  const bool may_measure = options.tls == nullptr || options.tls->identity().role != Role::kView;
  FleetCheck check(remote, may_measure);
  absl::StatusOr<std::vector<AgentCheck>> agents;
  {
    const SignalWatcher signals({SIGINT, SIGTERM}, [&](int) {
      remote.Interrupt();
      check.Interrupt();
    });
    const absl::Status started = remote.Start(options.agents, [](std::string_view) {});
    agents = started.ok() ? check.Run(options.agents, options.timeout) : started;
  }
  if (!agents.ok()) return Fail(agents.status());
  const bool written =
      WriteReports(options.json_path,
                   {.text = [&](const TextStyle& style) { return FleetCheckText(*agents, style); },
                    .json = [&] { return FleetCheckJson(*agents, checked_at); }});
  return written && AllOk(*agents) ? kAllOk : kNotAllOk;
}

void AddText(CLI::App& command, const std::string& name, const std::string& placeholder,
             std::optional<std::string>& to, const std::string& help, bool required = false) {
  command
      .add_option_function<std::string>(
          name, [&to](const std::string& text) { to = text; }, help)
      ->type_name(placeholder)
      ->required(required);
}

}  // namespace

CLI::App* AddFleetCommand(CLI::App& app, FleetFlags& flags) {
  CLI::App* fleet =
      app.add_subcommand("fleet", "Look after agents: see whether a run can have them");
  fleet->footer(
      "Examples:\n"
      "  squall fleet check --agents 10.0.0.5,10.0.0.6\n"
      "  squall fleet check --help                 # more on it");
  CLI::App* check = fleet->add_subcommand(
      "check", "Ask every agent who it is and whether it is free, and measure the way to it");
  check->footer(kExamples);
  AddText(
      *check, "--agents", "LIST", flags.agents,
      "host[:port],… or @FILE with one a line (# begins a\ncomment); port 7400 if none is given; "
      "also [v6]:port,\nunix:PATH, ssh:user@host and dns:///name[:port]",
      /*required=*/true);
  AddText(*check, "--timeout", "TIME", flags.timeout,
          "How long an agent is given to answer (default: 5s)");
  AddFleetTlsFlags(*check, flags.tls, "Options");
  AddText(*check, "--json", "FILE", flags.json, "Write all that was found; - is standard output");
  return fleet;
}

int RunFleet(const CLI::App& fleet, const FleetFlags& flags) {
  if (!fleet.get_subcommands().empty()) return Check(flags);
  return Write(stdout, fleet.help(fleet.get_parent()->get_name())) ? kAllOk : kNotAllOk;
}

}  // namespace squall
