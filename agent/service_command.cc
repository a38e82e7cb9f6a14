#include "agent/service_command.h"

#include <cstdio>
#include <filesystem>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "agent/service_execution.h"
#include "agent/service_status.h"
#include "agent/service_steps.h"
#include "common/address.h"
#include "common/executable_path.h"
#include "common/output.h"

namespace squall {
namespace {

constexpr int kDone = 0;
constexpr int kUsageError = 2;
constexpr int kNotDone = 3;

#ifdef __APPLE__
constexpr ServiceManager kManagerHere = ServiceManager::kLaunchd;
#else
constexpr ServiceManager kManagerHere = ServiceManager::kSystemd;
#endif

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

int Fail(std::string_view command, const absl::Status& status, int exit_code) {
  Print(stderr, "squall agent {}: {}\n", command, std::string(status.message()));
  return exit_code;
}

ServiceFacts Facts(const ServiceFlags& flags) {
  ServiceFacts facts;
  facts.manager = kManagerHere;
  if (!flags.manager.empty()) {
    facts.manager =
        flags.manager == "launchd" ? ServiceManager::kLaunchd : ServiceManager::kSystemd;
  }
  facts.program = ExecutablePath();
  facts.exists = Exists;
  facts.config = TextOf(PlacesOf(facts.manager).config);
  return facts;
}

// Why the steps cannot be carried out on this machine by this user.
absl::Status CheckMachine(std::string_view command, ServiceManager manager) {
  if (manager != kManagerHere) {
    return absl::FailedPreconditionError("--manager is that of another system: for --dry-run only");
  }
  // sd_booted(3).
  if (manager == ServiceManager::kSystemd && !Exists("/run/systemd/system")) {
    return absl::FailedPreconditionError(
        "systemd does not run this machine (there is no /run/systemd/system): have its services "
        "started by what does, as squall agent --config /etc/squall/agent.yaml");
  }
  if (geteuid() != 0) {
    return absl::FailedPreconditionError(
        fmt::format("only root may do that: sudo {} agent {}", ExecutablePath(), command));
  }
  return absl::OkStatus();
}

// Prints the steps, or carries them out and says so.
int Perform(std::string_view command, const ServiceFlags& flags, ServiceManager manager,
            const std::vector<ServiceStep>& steps) {
  const absl::Status machine = CheckMachine(command, manager);
  if (flags.dry_run) {
    for (const ServiceStep& step : steps) {
      if (!Write(stdout, Describe(step))) return kNotDone;
    }
    if (!machine.ok()) {
      Print(stderr, "it could not be done here: {}\n", std::string(machine.message()));
    }
    return kDone;
  }
  if (!machine.ok()) return Fail(command, machine, kNotDone);
  for (const ServiceStep& step : steps) {
    const std::string text = Describe(step);
    Print(stdout, "{}\n", text.substr(0, text.find('\n')));
    if (absl::Status status = CarryOut(step); !status.ok()) return Fail(command, status, kNotDone);
  }
  return kDone;
}

int Install(const ServiceFlags& flags) {
  if (!flags.wishes.listen.empty()) {
    const absl::StatusOr<Address> address = ParseListenAddress(flags.wishes.listen);
    if (!address.ok()) return Fail("install --listen", address.status(), kUsageError);
  }
  if (!flags.wishes.tls.empty() && !TextOf(flags.wishes.tls)) {
    return Fail("install --tls",
                absl::NotFoundError(fmt::format("{}: cannot be read", flags.wishes.tls)),
                kUsageError);
  }
  const ServiceFacts facts = Facts(flags);
  const auto steps = InstallSteps(facts, flags.wishes);
  if (!steps.ok()) return Fail("install", steps.status(), kUsageError);
  const int exit_code = Perform("install", flags, facts.manager, *steps);
  if (exit_code == kDone && !flags.dry_run) {
    Print(stdout, "the agent runs, and will when the machine starts: squall agent status\n");
  }
  return exit_code;
}

int Uninstall(const ServiceFlags& flags) {
  const ServiceFacts facts = Facts(flags);
  const int exit_code =
      Perform("uninstall", flags, facts.manager, UninstallSteps(facts, flags.purge));
  if (exit_code != kDone || flags.dry_run) return exit_code;
  for (const std::string& path : LeftBehind(facts)) Print(stdout, "left: {}\n", path);
  if (IsPackaged(facts)) Print(stdout, "the program is a package's: apt purge squall\n");
  return kDone;
}

int Status(const ServiceFlags& flags) {
  const ServiceManager manager = Facts(flags).manager;
  const auto answer = OutputOf(StatusQuestion(manager));
  if (!answer.ok()) return Fail("status", answer.status(), kNotDone);
  const ServiceStatus status = ReadStatus(manager, answer->exit_code, answer->text);
  return Write(stdout, status.text) && status.runs ? kDone : kNotDone;
}

// A subcommand that excludes the flags of an agent that runs here and now.
CLI::App& Add(CLI::App& agent, ServiceFlags& flags, ServiceFlags::Action action,
              const std::string& name, const std::string& help) {
  CLI::App& command = *agent.add_subcommand(name, help);
  command.callback([&flags, action] { flags.action = action; });
  for (CLI::Option* option : agent.get_options()) {
    if (option != agent.get_help_ptr()) command.excludes(option);
  }
  return command;
}

void AddDryRun(CLI::App& command, ServiceFlags& flags) {
  command.add_flag("--dry-run", flags.dry_run, "Print every step and file, and change nothing");
  command
      .add_option("--manager", flags.manager,
                  "With --dry-run: as on a system of systemd or launchd")
      ->type_name("NAME")
      ->check(CLI::IsMember({"systemd", "launchd"}));
}

}  // namespace

void AddServiceCommands(CLI::App& agent, ServiceFlags& flags) {
  using Action = ServiceFlags::Action;
  agent.require_subcommand(0, 1);
  CLI::App& install = Add(agent, flags, Action::kInstall, "install",
                          "Make this program's agent a service of this machine, and start it");
  install
      .add_option("--listen", flags.wishes.listen,
                  "Its address for controllers (default: 127.0.0.1:7400)")
      ->type_name("ADDRESS");
  install
      .add_option("--tls", flags.wishes.tls,
                  "Its certificate, key and authority in one file (PEM), as\nsquall certs agent "
                  "makes it; it is copied")
      ->type_name("FILE");
  install.add_flag("--insecure", flags.wishes.insecure,
                   "Obey whoever reaches the address: an address that is not\nloopback needs this "
                   "or --tls");
  AddDryRun(install, flags);
  install.footer(
      "As root. Linux with systemd, or macOS. A program in somebody's home is copied to\n"
      "/usr/local/bin. What is asked for here is written to /etc/squall/agent.yaml, unless its\n"
      "owner has written one. Again for a new version: the program is replaced, the agent "
      "restarted.\n"
      "\n"
      "Examples:\n"
      "  sudo ./squall agent install --listen 10.0.0.5:7400 --tls lon-1.pem\n"
      "  ./squall agent install --dry-run\n"
      "\n"
      "Exit codes: 0 done, 2 usage error, 3 it could not be done.");
  CLI::App& uninstall =
      Add(agent, flags, Action::kUninstall, "uninstall", "Stop the service, and start it no more");
  uninstall.add_flag("--purge", flags.purge,
                     "Remove configuration, certificate, what the agent keeps and\n"
                     "/usr/local/bin/squall as well");
  AddDryRun(uninstall, flags);
  uninstall.footer("Example:\n  sudo squall agent uninstall --purge");
  Add(agent, flags, Action::kStatus, "status", "Say whether the service runs, and what it does")
      .footer("Exit codes: 0 it runs, 3 it does not.");
}

int RunService(const ServiceFlags& flags) {
  switch (flags.action) {
    case ServiceFlags::Action::kInstall:
      return Install(flags);
    case ServiceFlags::Action::kUninstall:
      return Uninstall(flags);
    case ServiceFlags::Action::kStatus:
      return Status(flags);
    case ServiceFlags::Action::kNone:
      break;
  }
  return kUsageError;
}

}  // namespace squall
