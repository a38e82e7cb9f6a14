#include "agent/path_probe.h"

#include <cerrno>
#include <fcntl.h>
#include <ifaddrs.h>
#include <poll.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "agent/tcp_facts.h"

namespace squall {

bool PathProbe::Begin(const Endpoint& to) {
  End();
  if (to.family() != AF_INET && to.family() != AF_INET6) return false;
  socket_ = ::socket(to.family(), SOCK_STREAM, 0);
  if (socket_ < 0) return false;
  fcntl(socket_, F_SETFL, O_NONBLOCK);
  fcntl(socket_, F_SETFD, FD_CLOEXEC);
  if (connect(socket_, to.get(), to.size) == 0 || errno == EINPROGRESS) return true;
  End();
  return false;
}

std::optional<Nanos> PathProbe::Look() {
  pollfd ready{socket_, POLLOUT, 0};
  if (socket_ < 0 || poll(&ready, 1, 0) != 1) return std::nullopt;
  int error = 0;
  socklen_t size = sizeof(error);
  const bool connected =
      getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  const std::optional<Nanos> round_trip = connected ? RoundTripOf(socket_) : std::nullopt;
  End();
  return round_trip;
}

void PathProbe::End() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

std::optional<std::string> InterfaceTo(const Endpoint& to) {
  if (to.family() != AF_INET && to.family() != AF_INET6) return std::nullopt;
  const int socket = ::socket(to.family(), SOCK_DGRAM, 0);
  if (socket < 0) return std::nullopt;
  sockaddr_storage own{};
  socklen_t size = sizeof(own);
  const bool known = connect(socket, to.get(), to.size) == 0 &&
                     getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) == 0;
  close(socket);
  ifaddrs* all = nullptr;
  if (!known || getifaddrs(&all) != 0) return std::nullopt;
  const Endpoint here = MakeEndpoint(reinterpret_cast<sockaddr*>(&own), size);
  std::optional<std::string> name;
  for (const ifaddrs* entry = all; entry != nullptr && !name; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != to.family()) continue;
    const socklen_t length = to.family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (CompareAddresses(MakeEndpoint(entry->ifa_addr, length), here) == 0) name = entry->ifa_name;
  }
  freeifaddrs(all);
  return name;
}

}  // namespace squall
