// `squall fleet`: what is to be done with a fleet besides a run.
#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace squall {

// As typed.
struct FleetFlags {
  std::optional<std::string> agents;
  std::optional<std::string> timeout;
  std::optional<std::string> json;
};

// Adds the group `fleet` with the subcommand `check`. Parsing fills `flags`, which must outlive the
// parse.
CLI::App* AddFleetCommand(CLI::App& app, FleetFlags& flags);

// What was parsed; the help, if that is the group alone. Returns the exit code.
int RunFleet(const CLI::App& fleet, const FleetFlags& flags);

}  // namespace squall
