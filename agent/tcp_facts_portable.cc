// TCP_CONNECTION_INFO where there is such a thing (macOS); elsewhere nothing is known.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "agent/tcp_facts.h"

namespace squall {

#ifdef TCP_CONNECTION_INFO

std::optional<Nanos> RoundTripOf(int socket) {
  tcp_connection_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_CONNECTION_INFO, &info, &size) != 0) {
    return std::nullopt;
  }
  if (info.tcpi_srtt == 0) return std::nullopt;
  return info.tcpi_srtt * kMillisecond;  // no finer there
}

#else

std::optional<Nanos> RoundTripOf(int) { return std::nullopt; }

#endif

uint64_t RetransmissionsOf(int) { return 0; }

}  // namespace squall
