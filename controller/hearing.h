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
#include "controller/pauses.h"

namespace squall {

class Hearing {
 public:
  // Both outlive it. Null: agents do not dial.
  Hearing(Mailbox<CoordinatorEvent>& mailbox, FleetServer* server);
  ~Hearing();
  Hearing(const Hearing&) = delete;
  Hearing& operator=(const Hearing&) = delete;

  using Each = std::function<void(CoordinatorEvent& event)>;
  // Calls `each` with what has come, the oldest first, and returns when it looked last; waits for
  // something until `deadline`. Once something has come, what is there as well is heard for some
  // milliseconds. Where the connections are looked at here, what one says is answered before the
  // next is read: what is known of it, by gRPC too, is fetched into the caches only once. Many
  // agents are heard with pauses then, so that each does not wake this thread by itself.
  Nanos Hear(Nanos deadline, size_t agents, const Each& each);
  // What comes soon is timed: no such pause until `time`.
  void StayAwakeUntil(Nanos time) { pauses_.HoldUntil(time); }

 private:
  Nanos HearMany(Nanos deadline, const Each& each);
  void HandleSome(const Each& each);

  Mailbox<CoordinatorEvent>& mailbox_;
  std::unique_ptr<FleetServer::Watch> watch_;  // null: all comes by itself
  Pauses pauses_;
};

}  // namespace squall
