#include "target/listener.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "target/accept.h"

namespace squall::target {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

struct HostAndPort {
  std::string host;
  std::string port;
};

absl::StatusOr<HostAndPort> Split(std::string_view address) {
  const size_t colon = address.rfind(':');
  std::string_view host = address.substr(0, colon);
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view() : address.substr(colon + 1);
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool port_is_good = error == std::errc() && end == port.data() + port.size();
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool host_is_good = !host.empty() && (bracketed || host.find(':') == host.npos);
  if (!port_is_good || !host_is_good) {
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\" is not an address to listen at; write host:port, e.g. 127.0.0.1:8080, [::1]:8080, "
        "or 0.0.0.0:8080 for all addresses (port 0 takes any free one)",
        address));
  }
  return HostAndPort{std::string(host), std::string(port)};
}

absl::Status CannotListen(std::string_view address, int error) {
  const char* way_out = "";
  if (error == EADDRINUSE) way_out = "; stop what listens there, or choose another port (0: any)";
  if (error == EACCES) way_out = "; choose a port from 1024 on";
  if (error == EADDRNOTAVAIL) way_out = "; choose an address of this machine, or 0.0.0.0 for all";
  return absl::UnavailableError(
      fmt::format("can't listen at {}: {}{}", address, std::strerror(error), way_out));
}

Descriptor Open(const addrinfo& address) {
  Descriptor descriptor(socket(address.ai_family, address.ai_socktype, address.ai_protocol));
  if (!descriptor.valid()) return descriptor;
  const int number = descriptor.number();
  const int on = 1;
  fcntl(number, F_SETFD, FD_CLOEXEC);
  fcntl(number, F_SETFL, O_NONBLOCK);
  // To start again at once where the last one's connections still linger. Not SO_REUSEPORT: see
  // LoopThread.
  setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // Handed down to accepted connections: an answer must not wait for the last one's ACK.
  setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return descriptor;
}

absl::StatusOr<Listener> Describe(Descriptor descriptor) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getsockname(descriptor.number(), reinterpret_cast<sockaddr*>(&storage), &length) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&storage), length, host, sizeof(host), port,
                  sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return absl::InternalError("the system does not tell which port it has chosen");
  }
  uint16_t number = 0;
  std::from_chars(port, port + std::strlen(port), number);
  const bool v6 = storage.ss_family == AF_INET6;
  return Listener{std::move(descriptor), number, v6 ? fmt::format("[{}]", host) : host};
}

// IPv4 in its own form also where it came in through a socket of IPv6.
std::string HostOf(const sockaddr_storage& storage) {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, text, sizeof(text));
  } else if (storage.ss_family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof(text));
    } else {
      inet_ntop(AF_INET6, &v6, text, sizeof(text));
    }
  }
  return text;
}

}  // namespace

Descriptor::~Descriptor() {
  if (valid()) close(number_);
}

absl::StatusOr<Listener> Listen(std::string_view address) {
  const absl::StatusOr<HostAndPort> parts = Split(address);
  if (!parts.ok()) return parts.status();

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(parts->host.c_str(), parts->port.c_str(), &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(
        fmt::format("can't listen at {}: {}; name an address of this machine, e.g. 127.0.0.1:8080",
                    address, gai_strerror(error)));
  }
  const AddressList owner(found, &freeaddrinfo);

  // The first one, if there are several: which one it was is printed.
  Descriptor descriptor = Open(*found);
  if (!descriptor.valid() || bind(descriptor.number(), found->ai_addr, found->ai_addrlen) != 0 ||
      listen(descriptor.number(), SOMAXCONN) != 0) {
    return CannotListen(address, errno);
  }
  return Describe(std::move(descriptor));
}

Accepted Accept(const Descriptor& listener) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  Descriptor connection(AcceptNonBlocking(listener.number(), address, length));
  if (!connection.valid()) return {std::move(connection), {}};
  return {std::move(connection), HostOf(storage)};
}

}  // namespace squall::target
