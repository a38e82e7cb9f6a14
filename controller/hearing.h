// How the coordinator hears its agents while a run goes on: what is in its mailbox, and where there
// is a server that agents dial, its connections, which it looks at itself (docs/adr/0014).
//
// Belongs to the coordinator's thread.
#pragma once

#include <cstddef>
#include <deque>
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

  // What has come, the oldest first; waits for something until `deadline`. What many agents say is
  // gathered for some milliseconds.
  std::deque<CoordinatorEvent> Take(Nanos deadline, size_t agents);

 private:
  Mailbox<CoordinatorEvent>& mailbox_;
  std::unique_ptr<FleetServer::Watch> watch_;  // null: all comes by itself
};

}  // namespace squall
