// `squall fleet`: what is to be done with a fleet besides a run.
#pragma once

#include <optional>
#include <string>

#include "controller/fleet_tls.h"

namespace CLI {
class App;
}

namespace squall {

// As typed.
struct FleetFlags {
  std::optional<std::string> agents;
  std::optional<std::string> timeout;
  std::optional<std::string> json;
  FleetTlsFlags tls;
};

// Adds the group `fleet` with the subcommand `check`. Parsing fills `flags`, which must outlive the
// parse.
CLI::App* AddFleetCommand(CLI::App& app, FleetFlags& flags);

// What was parsed; the help, if that is the group alone. Returns the exit code.
int RunFleet(const CLI::App& fleet, const FleetFlags& flags);

}  // namespace squall
