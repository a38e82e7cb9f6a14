// Hosts and paths of sockets as people write them.
//
// Pure: no name is looked up. Errors are INVALID_ARGUMENT; their message is what is wrong alone, to
// be put behind what it is about.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace squall {

// The one written form of an IPv6 address ("2001:DB8:0::7": "2001:db8::7"), without brackets. A
// zone (fe80::1%eth0) is kept. Empty if it isn't one.
std::string NormalIpv6(std::string_view host);

// The same, of an IPv4 address or an IPv6 address.
std::string NormalIp(std::string_view host);

// A name, or an IPv4 address.
absl::Status CheckHostName(std::string_view host);

// Of a unix socket.
absl::Status CheckSocketPath(std::string_view path);

}  // namespace squall
