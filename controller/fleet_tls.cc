#include "controller/fleet_tls.h"

#include <cstdlib>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "common/tls_files.h"

namespace squall {
namespace {

// What a flag says, or else a variable of the environment.
Text Either(const Text& flag, const char* variable) {
  if (flag) return flag;
  const char* value = std::getenv(variable);
  return value == nullptr || *value == '\0' ? Text() : Text(value);
}

}  // namespace

void AddFleetTlsFlags(CLI::App& command, FleetTlsFlags& flags, const std::string& group) {
  const auto add = [&](const char* name, Text& to, const char* help) {
    command
        .add_option_function<std::string>(
            name, [&to](const std::string& text) { to = text; }, help)
        ->type_name("FILE")
        ->group(group);
  };
  add("--tls", flags.bundle,
      "Speak to agents by TLS, with this bundle (squall certs\ncontroller; default: $SQUALL_TLS); "
      "unix sockets have none");
  add("--revoked", flags.revoked,
      "List of certificates that are not believed any more\n(default: $SQUALL_REVOKED)");
}

absl::StatusOr<std::shared_ptr<TlsFiles>> ResolveFleetTls(const FleetTlsFlags& flags) {
  const Text bundle = Either(flags.bundle, "SQUALL_TLS");
  const Text revoked = Either(flags.revoked, "SQUALL_REVOKED");
  if (!bundle) {
    if (flags.revoked) return Invalid("--revoked is about certificates: give --tls as well");
    return std::shared_ptr<TlsFiles>();
  }
  return TlsFiles::Open(*bundle, revoked.value_or(""));
}

}  // namespace squall
