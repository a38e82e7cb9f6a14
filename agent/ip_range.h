// IP addresses and ranges of them, as an agent's policy compares them.
//
// Pure. Whatever way an address is written or wrapped in, it is one and the same here: IPv4 inside
// IPv6 (mapped, RFC 4291 2.5.5.2; behind NAT64's well-known prefix, RFC 6052) is IPv4, a zone is
// left out, and 0.0.0.0 and ::, which systems connect to themselves, are the loopback address.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "agent/endpoint.h"

namespace squall {

struct IpAddress {
  bool ipv6 = false;
  std::array<uint8_t, 16> bytes{};  // of IPv4 the first four

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// Where a connection to it goes. Nothing for a unix socket.
std::optional<IpAddress> IpOf(const Endpoint& endpoint);

// A host that the system would take for an address without asking anybody: also IPv4 as inet_aton
// takes it (2130706433, 0x7f.1, 0177.0.0.1), with or without dots behind it. Without brackets.
// Nothing: it is a name.
std::optional<IpAddress> LooseIp(std::string_view host);

struct IpRange {
  IpAddress first;
  uint32_t prefix = 0;  // how many of its leading bits are the same in all

  bool Contains(const IpAddress& address) const;
  bool IsWithin(const IpRange& other) const;
  friend bool operator==(const IpRange&, const IpRange&) = default;
};

// "10.0.0.0/8", "fd00::/8", or an address alone. INVALID_ARGUMENT: what is wrong with it, to be put
// behind the text.
absl::StatusOr<IpRange> ParseIpRange(std::string_view text);

std::string ToText(const IpAddress& address);
// As it is parsed: "10.0.0.0/8", "192.0.2.1".
std::string ToText(const IpRange& range);

}  // namespace squall
