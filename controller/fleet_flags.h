// The flags of `squall run` that say who takes part, and how long they are waited for.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/address.h"
#include "controller/dns_agents.h"
#include "controller/flag_values.h"
#include "controller/fleet_times.h"
#include "controller/member.h"
#include "controller/muster.h"
#include "controller/run_flags.h"

namespace squall {

struct FleetOptions {
  // Nobody to be dialled, and no address to listen on: an agent of the run's own.
  Invitation invitation;
  std::optional<Address> listen;
  std::shared_ptr<TlsFiles> tls;  // null: none
  FleetTimes times;
  bool abort_on_loss = false;
};

// May read the file of --agents. Errors name the flag, or file and line, and say what to do.
absl::Status ResolveFleet(const RunFlags& flags, FleetOptions& options);

// The value of --agents: a list, or @FILE. No two are the same. Names behind which there may be
// several (controller/dns_agents.h) are looked up; agents to be started by ssh are named alone.
absl::Status ResolveAgents(const Text& text, std::vector<AgentSpec>& agents,
                           const NameLookup& lookup = &LookUpName);
// The file that --agents names; nothing if it names none.
Text AgentsFile(const Text& text);

}  // namespace squall
