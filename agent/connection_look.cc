#include "agent/connection_look.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "agent/path_probe.h"

namespace squall {

void ConnectionLook::Add(int socket) {
  if (const auto round_trip = RoundTripOf(socket)) round_trips.push_back(*round_trip);
#ifdef __linux__
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) {
    retransmissions += info.tcpi_total_retrans;
  }
#endif
}

void ConnectionLook::Clear() {
  round_trips.clear();
  retransmissions = 0;
  from_target = false;
}

void ConnectionLook::Merge(const ConnectionLook& other) {
  round_trips.insert(round_trips.end(), other.round_trips.begin(), other.round_trips.end());
  retransmissions += other.retransmissions;
  from_target |= other.from_target;
}

}  // namespace squall
