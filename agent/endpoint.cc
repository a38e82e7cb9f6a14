#include "agent/endpoint.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <netdb.h>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "common/check.h"

namespace squall {
namespace {

const sockaddr_in& Ipv4(const Endpoint& endpoint) {
  return reinterpret_cast<const sockaddr_in&>(endpoint.address);
}

const sockaddr_in6& Ipv6(const Endpoint& endpoint) {
  return reinterpret_cast<const sockaddr_in6&>(endpoint.address);
}

const char* PathOf(const Endpoint& endpoint) {
  return reinterpret_cast<const sockaddr_un&>(endpoint.address).sun_path;
}

}  // namespace

Endpoint MakeEndpoint(const sockaddr* address, socklen_t size) {
  Endpoint endpoint;
  SQUALL_CHECK(size <= sizeof(endpoint.address));
  std::memcpy(&endpoint.address, address, size);
  endpoint.size = size;
  return endpoint;
}

std::optional<Endpoint> NumericEndpoint(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  // It would take half an IPv4 address ("10.1"), which nobody means, and what ends at a null byte.
  in_addr ipv4;
  const bool may_be_one = host.find(':') != std::string::npos
                              ? host.find('\0') == std::string::npos
                              : inet_pton(AF_INET, host.c_str(), &ipv4) == 1;
  if (!may_be_one || getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return std::nullopt;
  const Endpoint endpoint = MakeEndpoint(found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return endpoint;
}

Endpoint UnixEndpoint(const std::string& path) {
  sockaddr_un address{};
  SQUALL_CHECK(path.size() < sizeof(address.sun_path));
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return MakeEndpoint(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

Endpoint WithPort(Endpoint endpoint, uint16_t port) {
  if (endpoint.family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(endpoint.address).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(endpoint.address).sin_port = htons(port);
  }
  return endpoint;
}

uint16_t PortOf(const Endpoint& endpoint) {
  return ntohs(endpoint.family() == AF_INET6 ? Ipv6(endpoint).sin6_port : Ipv4(endpoint).sin_port);
}

std::strong_ordering CompareAddresses(const Endpoint& a, const Endpoint& b) {
  if (a.family() != b.family()) return a.family() <=> b.family();
  if (a.family() == AF_UNIX) return std::strcmp(PathOf(a), PathOf(b)) <=> 0;
  if (a.family() == AF_INET) {
    return ntohl(Ipv4(a).sin_addr.s_addr) <=> ntohl(Ipv4(b).sin_addr.s_addr);
  }
  const int bytes = std::memcmp(&Ipv6(a).sin6_addr, &Ipv6(b).sin6_addr, sizeof(in6_addr));
  return bytes != 0 ? bytes <=> 0 : Ipv6(a).sin6_scope_id <=> Ipv6(b).sin6_scope_id;
}

bool SameEndpoint(const Endpoint& a, const Endpoint& b) {
  return CompareAddresses(a, b) == 0 && (a.family() == AF_UNIX || PortOf(a) == PortOf(b));
}

std::string DisplayOf(const Endpoint& endpoint) {
  if (endpoint.family() == AF_UNIX) {
    return fmt::format("unix:{}", PathOf(endpoint));
  }
  const bool ipv6 = endpoint.family() == AF_INET6;
  return fmt::format("{}{}{}:{}", ipv6 ? "[" : "", HostOf(endpoint), ipv6 ? "]" : "",
                     PortOf(endpoint));
}

std::string HostOf(const Endpoint& endpoint) {
  std::array<char, NI_MAXHOST> host{};
  getnameinfo(endpoint.get(), endpoint.size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST);
  return host.data();
}

}  // namespace squall
