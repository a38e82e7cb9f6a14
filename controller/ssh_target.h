// A machine as the user's own ssh knows it: "ssh:host", "ssh:user@host:2222".
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/address.h"

namespace squall {

struct SshTarget {
  std::string user = {};  // empty: as ssh's configuration says
  std::string host = {};  // a name, an address, or an alias of that configuration
  uint16_t port = 0;      // 0: as that configuration says

  friend bool operator==(const SshTarget&, const SshTarget&) = default;
};

// Whether `text` is meant as one.
bool IsSshTarget(std::string_view text);

// "ssh:[USER@]HOST[:PORT]", an IPv6 address in brackets. Nothing in it can be taken for an option
// of ssh, or mean anything to a shell. INVALID_ARGUMENT: what to write instead.
absl::StatusOr<SshTarget> ParseSshTarget(std::string_view text);

// Its display is its target: whoever dials it must have an agent started there first.
Address AddressOf(const SshTarget& target);

// As one would type it behind `ssh`, for messages: "-p 2222 ann@host".
std::string SshWords(const SshTarget& target);

}  // namespace squall
