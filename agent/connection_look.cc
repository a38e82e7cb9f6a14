#include "agent/connection_look.h"

#include "agent/tcp_facts.h"

namespace squall {

void ConnectionLook::Add(int socket) {
  if (const auto round_trip = RoundTripOf(socket)) round_trips.push_back(*round_trip);
  retransmissions += RetransmissionsOf(socket);
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
