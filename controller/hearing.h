// How the coordinator hears its agents while a run goes on: what is in its mailbox, and where there
// is a server that agents dial, its connections, which it looks at itself (docs/adr/0014).
//
// Belongs to the coordinator's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "common/clock.h"
#include "common/mailbox.h"
#include "controller/fleet.h"
#include "controller/muster.h"

namespace squall {

class Hearing {
 public:
  // Both outlive it. Null: agents do not dial.
  Hearing(Mailbox<CoordinatorEvent>& mailbox, FleetServer* server);
  ~Hearing();
  Hearing(const Hearing&) = delete;
  Hearing& operator=(const Hearing&) = delete;

  using Each = std::function<void(CoordinatorEvent& event)>;
  // Calls `each` with what has come, the oldest first; waits for something until `deadline`. Of
  // many agents it goes on with what comes in the next milliseconds. Where the connections are
  // looked at here, what one says is answered before the next is read: what is known of it, by gRPC
  // too, is in the caches only once.
  void Hear(Nanos deadline, size_t agents, const Each& each);

 private:
  void EmptyMailbox(const Each& each);

  Mailbox<CoordinatorEvent>& mailbox_;
  std::unique_ptr<FleetServer::Watch> watch_;  // null: all comes by itself
};

}  // namespace squall
