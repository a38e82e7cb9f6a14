#include "agent/agent_command.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include "agent/agent_config.h"
#include "agent/control_client.h"
#include "agent/control_server.h"
#include "agent/host.h"
#include "agent/session.h"
#include "agent/state_folder.h"
#include "common/address.h"
#include "common/executable_path.h"
#include "common/file_limit.h"
#include "common/host_name.h"
#include "common/output.h"
#include "common/parent_watch.h"
#include "common/signals.h"
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
  command->add_option("--name", flags.name, "Name in reports (default: the machine's)");
  command->add_option("--threads", flags.threads, "Most worker threads (default: one a core)")
      ->check(CLI::Range(1, 1024));
  command
      ->add_option("--state", flags.state,
                   "Folder for what it keeps: its ceiling (squall calibrate).\n"
                   "Default: $STATE_DIRECTORY, $XDG_STATE_HOME/squall or\n"
                   "~/.local/state/squall")
      ->type_name("DIR");
  command->add_option("--log-level", flags.log_level,
                      "trace, debug, info, warn, error or off (default: info)");
  command
      ->add_option("--config", flags.config,
                   "agent.yaml: what this agent may send to and how much, and these\n"
                   "flags with _ for -. Flags given here come first")
      ->type_name("FILE");
  command->add_option("--parent-fd", flags.parent_fd)->group("");
  command->footer(
      "Anyone who reaches the address can make this agent send load: keep it on a network of your\n"
      "own.\n\n"
      "Examples:\n"
      "  squall agent                              # for controllers on this machine\n"
      "  squall agent --listen 10.0.0.5:7400       # for controllers on this network\n"
      "  squall agent --listen unix:/tmp/squall.sock --name lon-1 --threads 4\n"
      "  squall agent --config /etc/squall/agent.yaml\n"
      "  squall agent --join ann-laptop:7500       # from behind a firewall");
  return command;
}

int RunAgent(AgentFlags flags) {
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
  Session session({.name = flags.name.empty() ? HostName() : flags.name,
                   .threads = flags.threads != 0 ? flags.threads : HostFacts().cores(),
                   .file_limit = RaiseFileLimit(),
                   .dials = !flags.join.empty(),
                   .program = ExecutablePath(),
                   .state_folder = StateFolder(flags.state),
                   .policy = std::move(policy)});
  SignalWatcher signals({SIGINT, SIGTERM}, [&session](int) { session.Quit(); });

  const auto events = [&session](LinkEvent event) { session.Post(std::move(event)); };
  if (!flags.join.empty()) {
    absl::StatusOr<Address> controller = ParseAddress(flags.join);
    if (!controller.ok()) return Fail("--join", controller.status(), kUsageError);
    Print(stdout, "joining {}\n", controller->display);
    const ControlClient client(*std::move(controller), events);
    session.Run();
    return 0;
  }

  absl::StatusOr<Address> address =
      ParseListenAddress(flags.listen.empty() ? kDefaultListen : flags.listen);
  if (!address.ok()) return Fail("--listen", address.status(), kUsageError);
  auto server = ControlServer::Listen(*address, events);
  if (!server.ok()) return Fail("--listen", server.status(), kCannotServe);
  if (flags.parent_fd < 0) {
    Print(stdout, "listening on {}\n", (*server)->address());
  }
  std::optional<ParentWatch> parent;
  if (flags.parent_fd >= 0) {
    parent.emplace(flags.parent_fd, [&session] { session.Quit(); });
    if (!parent->Say("R")) spdlog::warn("event=parent_gone");
  }

  session.Run();
  server->reset();
  if (parent) RemoveSocket(address->display);
  return 0;
}

}  // namespace squall
