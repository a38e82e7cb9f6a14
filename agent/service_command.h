// `squall agent install`, `uninstall` and `status`: the agent as a service of this machine.
#pragma once

#include <string>

#include "agent/service_files.h"

namespace CLI {
class App;
}

namespace squall {

struct ServiceFlags {
  enum class Action { kNone, kInstall, kUninstall, kStatus };

  Action action = Action::kNone;  // kNone: something else was asked for
  AgentWishes wishes;
  bool purge = false;
  bool dry_run = false;
  std::string manager;  // systemd or launchd, for a dry run; empty: this machine's
};

// Declares the subcommands of `agent` and their flags.
void AddServiceCommands(CLI::App& agent, ServiceFlags& flags);

// Does what was asked. The process's exit code.
int RunService(const ServiceFlags& flags);

}  // namespace squall
