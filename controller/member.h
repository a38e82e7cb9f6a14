// An agent of the fleet, as the controller sees it in one run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/clock.h"
#include "controller/fleet.h"
#include "controller/result.h"

namespace squall {

struct Member {
  enum class Stage {
    kDialed,     // Hello is out
    kBusy,       // somebody else's: is dialled again
    kWelcomed,   // ours
    kUnused,     // has no share of this run
    kPreparing,  // is sent the plan and the list
    kReady,
    kRunning,
    kDone,
    kLost,
  };

  std::unique_ptr<AgentLink> link;
  Stage stage = Stage::kDialed;
  uint32_t attempt = 0;         // how often it was dialled: older news are not its own
  Nanos give_up_at = kForever;  // when it has said nothing for too long
  size_t ledger_index = 0;      // from its start on
  uint64_t sequence = 0;        // of its last snapshot
  AgentResult result;
};

// "agent lon-1 (10.0.0.5:7400)", for messages.
std::string Named(const Member& member);

// Why its stream is over.
std::string Reason(const AgentClosed& closed);

}  // namespace squall
