// TLS between a controller and its agents, as the flags of squall run, fleet check and calibrate
// say.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "controller/flag_values.h"

namespace CLI {
class App;
}

namespace squall {

class TlsFiles;

// As typed.
struct FleetTlsFlags {
  Text bundle;   // --tls
  Text revoked;  // --revoked
};

// Declares the flags, in a group of the help text; parsing fills `flags`.
void AddFleetTlsFlags(CLI::App& command, FleetTlsFlags& flags, const std::string& group);

// Reads the files; without flags those that $SQUALL_TLS and $SQUALL_REVOKED name. Null: there is no
// TLS. Errors name the flag or variable.
absl::StatusOr<std::shared_ptr<TlsFiles>> ResolveFleetTls(const FleetTlsFlags& flags);

}  // namespace squall
