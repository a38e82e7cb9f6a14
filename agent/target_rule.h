// One entry of an agent's allow_targets or deny_targets.
//
// Pure. It matches by the name that a connection is made for, by the address that it goes to, or by
// a unix socket's path, and perhaps by port.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "agent/ip_range.h"

namespace squall {

struct TargetRule {
  enum class Kind {
    kAny,        // "*": any name and any address
    kName,       // "api.test.internal"
    kDomain,     // "*.test.internal": all names below it, but not itself
    kAddresses,  // "10.0.0.0/8", "192.0.2.1"
    kSocket,     // "unix:/run/app.sock"
    kAnySocket,  // "unix:*"
  };
  Kind kind = Kind::kAny;
  std::string name = {};  // of a name, without "*", in lower case; of a socket, its path
  IpRange addresses = {};
  uint16_t first_port = 0;
  uint16_t last_port = UINT16_MAX;
  std::string text;        // as it was written
  std::string where = {};  // "/etc/squall/agent.yaml:7"

  // `host` in its one form, NormalHost().
  bool MatchesName(std::string_view host, uint16_t port) const;
  bool MatchesAddress(const IpAddress& address, uint16_t port) const;
  // `path` is absolute, without links and dots.
  bool MatchesSocket(std::string_view path) const;
  // "*" without ports.
  bool IsAll() const { return kind == Kind::kAny && first_port == 0; }

 private:
  bool HasPort(uint16_t port) const { return port >= first_port && port <= last_port; }
};

// "HOST", "HOST:PORT", "HOST:PORT-PORT"; a host is a name, "*.DOMAIN", "*", an address or a range
// of them, in brackets if it is IPv6 with a port behind it. Or "unix:PATH". INVALID_ARGUMENT: the
// text and what to write instead.
absl::StatusOr<TargetRule> ParseTargetRule(std::string_view text);

// A host's name in its one form: lower case, without dots at its end. Names beyond ASCII are left
// as they are.
std::string NormalHost(std::string_view host);

}  // namespace squall
