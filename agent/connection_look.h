// What the system knows of some of a run's connections (agent/tcp_facts.h), and whose answers come
// over them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/clock.h"

namespace squall {

struct ConnectionLook {
  // So many of a worker's are looked at, once a snapshot.
  static constexpr size_t kMostOfAWorker = 8;

  std::vector<Nanos> round_trips;
  uint64_t retransmissions = 0;  // since they were opened
  bool from_target = false;      // an answer was a squall target's

  // Looks at a connected socket; nothing changes if it is no TCP socket.
  void Add(int socket);
  void Merge(const ConnectionLook& other);
  void Clear();  // keeps memory
};

}  // namespace squall
