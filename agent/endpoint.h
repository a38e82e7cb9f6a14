// An address that connections go to or come from.
//
// Plain data.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include <sys/socket.h>

namespace squall {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
  uint32_t number = 0;  // in the run's AddressTable
  // How often the fleet has dealt it out before; what Routes::Source() takes its turns from.
  uint32_t uses = 0;

  int family() const { return address.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// From what the system's calls give.
Endpoint MakeEndpoint(const sockaddr* address, socklen_t size);

// An IPv4 or IPv6 address as people write it, the latter without brackets and perhaps with a zone
// (fe80::1%eth0), with port 0. Nothing if it is neither, or if this machine has no such zone.
// Nothing is looked up.
std::optional<Endpoint> NumericEndpoint(const std::string& host);

// The path has been checked to be short enough for one (CheckUnixPath in common/network_check.h).
Endpoint UnixEndpoint(const std::string& path);

Endpoint WithPort(Endpoint endpoint, uint16_t port);
// Not of unix sockets.
uint16_t PortOf(const Endpoint& endpoint);

// By address alone: IPv4 before IPv6, then by their bytes; a unix socket by its path. Ports are not
// looked at.
std::strong_ordering CompareAddresses(const Endpoint& a, const Endpoint& b);

bool SameEndpoint(const Endpoint& a, const Endpoint& b);

// As reports show it: "192.0.2.1:80", "[::1]:80", "unix:/run/app.sock".
std::string DisplayOf(const Endpoint& endpoint);
// The same without port and brackets; not for unix sockets.
std::string HostOf(const Endpoint& endpoint);

}  // namespace squall
