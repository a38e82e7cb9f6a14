#include "agent/agent_command.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include "agent/agent_config.h"
#include "agent/control_client.h"
#include "agent/control_health.h"
#include "agent/control_server.h"
#include "agent/host.h"
#include "agent/service_pulse.h"
#include "agent/session.h"
#include "agent/state_folder.h"
#include "common/address.h"
#include "common/environment.h"
#include "common/executable_path.h"
#include "common/file_limit.h"
#include "common/host_name.h"
#include "common/output.h"
#include "common/parent_watch.h"
#include "common/signals.h"
#include "common/tls_files.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr std::string_view kDefaultListen = "127.0.0.1:7400";
constexpr int kUsageError = 2;
constexpr int kCannotServe = 3;

int Fail(std::string_view flag, const absl::Status& status, int exit_code) {
  Print(stderr, "squall: {} {}\n", flag, std::string(status.message()));
  return exit_code;
}

// The parent made the directory for the socket, and may be gone by now.
void RemoveSocket(std::string_view address) {
  constexpr std::string_view kUnix = "unix:";
  if (!address.starts_with(kUnix)) return;
  const std::filesystem::path socket = address.substr(kUnix.size());
  std::error_code ignored;
  std::filesystem::remove(socket, ignored);
  std::filesystem::remove(socket.parent_path(), ignored);
}

// Null: nobody wants any.
absl::StatusOr<std::unique_ptr<HealthServer>> AnswerHealthChecks(
    const std::string& listen, const std::function<void(LinkEvent)>& events) {
  if (listen.empty()) return nullptr;
  const absl::StatusOr<Address> address = ParseListenAddress(listen);
  if (!address.ok()) return address.status();
  auto server = HealthServer::Listen(*address, events);
  if (server.ok()) spdlog::info("event=health_checks address={}", (*server)->address());
  return server;
}

// The certificate's is the one that the controller believes.
std::string NameOf(const AgentFlags& flags, const AgentTls& tls) {
  if (!flags.name.empty()) return flags.name;
  return tls.files != nullptr ? tls.files->identity().name : HostName();
}

}  // namespace

CLI::App* AddAgentCommand(CLI::App& app, AgentFlags& flags) {
  CLI::App* command = app.add_subcommand("agent", "Be an agent: send requests for a controller");
  CLI::Option* listen = command->add_option("--listen", flags.listen,
                                            "Address for controllers: HOST:PORT or unix:PATH\n"
                                            "(default: 127.0.0.1:7400)");
  command
      ->add_option(
          "--join", flags.join,
          "Dial a controller that waits for agents (squall run\n--listen), again and again: "
          "HOST:PORT or unix:PATH")
      ->excludes(listen);
  command->add_option("--name", flags.name,
                      "Name in reports (default: the certificate's, else the\nmachine's)");
  command->add_option("--threads", flags.threads, "Most worker threads (default: one a core)")
      ->check(CLI::Range(1, 1024));
  command
      ->add_option("--state", flags.state,
                   "Folder for what it keeps: its ceiling (squall calibrate)\nand lists of URLs "
                   "(squall agent lists). "
                   "Default:\n$STATE_DIRECTORY, $XDG_STATE_HOME/squall or\n"
                   "~/.local/state/squall")
      ->type_name("DIR");
  command->add_option("--health", flags.health,
                      "Answer health checks (gRPC's, as of Kubernetes' probes)\nthere: HOST:PORT");
  command
      ->add_option("--tls", flags.tls.bundle,
                   "Obey controllers with a certificate alone: this agent's\nbundle (squall certs "
                   "agent). On a unix socket its file's\npermissions count instead")
      ->type_name("FILE");
  command
      ->add_option("--revoked", flags.tls.revoked,
                   "List of certificates that are not obeyed any more\n(squall certs revoke)")
      ->type_name("FILE");
  command->add_flag("--insecure", flags.tls.insecure,
                    "Obey anybody who reaches the address: without TLS, and\nnot on this machine "
                    "alone");
  command->add_option("--log-level", flags.log_level,
                      "trace, debug, info, warn, error or off (default: info)");
  command
      ->add_option("--config", flags.config,
                   "agent.yaml: what this agent may send to and how much, and these\n"
                   "flags with _ for -. Flags given here come first")
      ->type_name("FILE");
  command->add_option("--parent-fd", flags.parent_fd)->group("");
  command->add_flag("--parent-stdio", flags.parent_stdio)->group("");
  AddServiceCommands(*command, flags.service);
  AddListsCommand(*command, flags.lists);
  command->footer(
      "Off this machine an agent obeys controllers with a certificate (--tls). Both files are "
      "read\n"
      "again when they change.\n\n"
      "Examples:\n"
      "  squall agent                              # for controllers on this machine\n"
      "  squall agent --listen 10.0.0.5:7400 --tls lon-1.pem\n"
      "  squall agent --listen unix:/tmp/squall.sock --name lon-1 --threads 4\n"
      "  squall agent --config /etc/squall/agent.yaml\n"
      "  squall agent --join ann-laptop:7500 --tls lon-1.pem   # from behind a firewall\n"
      "  sudo squall agent install                 # as a service that starts by itself");
  return command;
}

int RunAgent(AgentFlags flags) {
  if (flags.service.action != ServiceFlags::Action::kNone) return RunService(flags.service);
  if (flags.lists.asked) return RunLists(flags.lists);
  Policy policy;
  if (!flags.config.empty()) {
    absl::StatusOr<AgentConfig> config = ReadAgentConfig(flags.config);
    if (!config.ok()) return Fail("--config", config.status(), kUsageError);
    Complete(flags, config->flags);
    policy = std::move(config->policy);
  }
  const auto level = ParseLogLevel(flags.log_level.empty() ? "info" : flags.log_level);
  if (!level.ok()) return Fail("--log-level", level.status(), kUsageError);
  spdlog::set_level(*level);
  const bool dials = !flags.join.empty();
  const std::string_view flag = dials ? "--join" : "--listen";
  const std::string_view where = dials                  ? std::string_view(flags.join)
                                 : flags.listen.empty() ? kDefaultListen
                                                        : std::string_view(flags.listen);
  const absl::StatusOr<Address> address = dials ? ParseAddress(where) : ParseListenAddress(where);
  if (!address.ok()) return Fail(flag, address.status(), kUsageError);
  const absl::StatusOr<AgentTls> tls = ResolveAgentTls(flags.tls, *address, dials);
  if (!tls.ok()) {
    Print(stderr, "squall: {}\n", std::string(tls.status().message()));
    return kUsageError;
  }
  Session session({.name = NameOf(flags, *tls),
                   .threads = flags.threads != 0 ? flags.threads : HostFacts().cores(),
                   .file_limit = RaiseFileLimit(),
                   .dials = dials,
                   .program = ExecutablePath(),
                   .state_folder = StateFolder(flags.state),
                   .obeys_anybody = tls->obeys_anybody,
                   .policy = std::move(policy)});
  SignalWatcher signals({SIGINT, SIGTERM}, [&session](int) { session.Quit(); });

  const auto events = [&session](LinkEvent event) { session.Post(std::move(event)); };
  const auto health = AnswerHealthChecks(flags.health, events);
  if (!health.ok()) {
    return Fail("--health", health.status(),
                absl::IsInvalidArgument(health.status()) ? kUsageError : kCannotServe);
  }
  // A parent's service manager is none of a child's business.
  const bool is_child = flags.parent_fd >= 0 || flags.parent_stdio;
  const auto serve = [&](std::string_view idle) {
    const ServiceNotify manager(is_child ? NoEnvironment : ProcessEnvironment, getpid());
    const ServicePulse pulse(manager, std::string(idle), events);
    session.Run();
  };
  if (dials) {
    Print(stdout, "joining {}\n", address->display);
    const ControlClient client(*address, tls->files, events);
    serve(fmt::format("joining {}", address->display));
    return 0;
  }

  auto server = ControlServer::Listen(*address, tls->files, events);
  if (!server.ok()) return Fail("--listen", server.status(), kCannotServe);
  const auto gone = [&session] { session.Quit(); };
  std::optional<ParentWatch> parent;
  if (flags.parent_stdio) {
    parent.emplace(kFarParent, gone);
  } else if (flags.parent_fd >= 0) {
    parent.emplace(flags.parent_fd, gone);
  } else {
    Print(stdout, "listening on {}\n", (*server)->address());
  }
  if (parent && !parent->Say(flags.parent_stdio ? kFarParentReady : "R")) {
    spdlog::warn("event=parent_gone");
  }

  serve(fmt::format("free, listening on {}", (*server)->address()));
  server->reset();
  if (parent) RemoveSocket(address->display);
  return 0;
}

}  // namespace squall
