// Where an agent listens, as people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace squall {

inline constexpr uint16_t kDefaultAgentPort = 7400;

struct Address {
  // For people, always in the same form: "host:7400", "[::1]:7400", "unix:/run/squall.sock". Two
  // addresses with the same display are the same.
  std::string display;
  // For gRPC, to dial or to listen.
  std::string target;

  friend bool operator==(const Address&, const Address&) = default;
};

// `host`, `host:port`, an IPv6 address with brackets or without, `[v6]:port`, `unix:PATH`.
// Names are not looked up. Pure. INVALID_ARGUMENT: the address and what to write instead.
absl::StatusOr<Address> ParseAddress(std::string_view text);

// The same, and port 0 asks for any that is free.
absl::StatusOr<Address> ParseListenAddress(std::string_view text);

// Whether nobody but this machine can be at the other end: a unix socket, 127.0.0.0/8, ::1 or
// "localhost". Pure.
bool IsOfThisMachine(const Address& address);

}  // namespace squall
