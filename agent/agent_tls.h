// Who may command an agent, as its flags say.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/address.h"

namespace squall {

class TlsFiles;

struct AgentTlsFlags {
  std::string bundle;     // --tls; empty: none
  std::string revoked;    // --revoked; empty: none
  bool insecure = false;  // --insecure
};

struct AgentTls {
  std::shared_ptr<TlsFiles> files;  // null: no TLS
  // Whoever reaches the agent, or is reached by it, commands it.
  bool obeys_anybody = false;
};

// For an agent that listens on `address`, or (`dials`) joins a controller there. INVALID_ARGUMENT,
// with the flag: a file that cannot be used, or an address of a network without TLS or --insecure.
absl::StatusOr<AgentTls> ResolveAgentTls(const AgentTlsFlags& flags, const Address& address,
                                         bool dials);

}  // namespace squall
