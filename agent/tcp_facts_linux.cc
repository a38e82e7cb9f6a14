// TCP_INFO, tcp(7).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "agent/tcp_facts.h"

namespace squall {
namespace {

std::optional<tcp_info> InfoOf(int socket) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return info;
}

}  // namespace

std::optional<Nanos> RoundTripOf(int socket) {
  constexpr Nanos kMicrosecond = 1000;
  const std::optional<tcp_info> info = InfoOf(socket);
  if (!info || info->tcpi_rtt == 0) return std::nullopt;
  return info->tcpi_rtt * kMicrosecond;
}

uint64_t RetransmissionsOf(int socket) {
  const std::optional<tcp_info> info = InfoOf(socket);
  return info ? info->tcpi_total_retrans : 0;
}

}  // namespace squall
