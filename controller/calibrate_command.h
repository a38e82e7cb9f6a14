// `squall calibrate`: how many requests a second each agent can make.
#pragma once

#include <optional>
#include <string>

#include "controller/fleet_tls.h"

namespace CLI {
class App;
}

namespace squall {

// As typed.
struct CalibrateFlags {
  std::optional<std::string> agents;
  std::optional<std::string> duration;
  std::optional<std::string> json;
  FleetTlsFlags tls;
  bool quiet = false;
};

// Adds the subcommand. Parsing fills `flags`, which must outlive the parse.
CLI::App* AddCalibrateCommand(CLI::App& app, CalibrateFlags& flags);

// Lets each agent measure itself, one after the other, and prints what was found. The process's
// exit code: 0 all were measured, 2 usage error or not one agent could be had, 3 some were not
// measured, 130 interrupted.
int RunCalibrate(const CalibrateFlags& flags);

}  // namespace squall
