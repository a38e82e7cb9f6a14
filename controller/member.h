// An agent of the fleet, as the controller sees it in one run.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/address.h"
#include "common/clock.h"
#include "controller/clock_sync.h"
#include "controller/fleet.h"
#include "controller/result.h"

namespace squall {

// An agent as the user names it.
struct AgentSpec {
  Address address;
  uint32_t weight = 0;  // 0: its cores

  friend bool operator==(const AgentSpec&, const AgentSpec&) = default;
};

inline std::vector<Address> AddressesOf(const std::vector<AgentSpec>& agents) {
  std::vector<Address> addresses;
  for (const AgentSpec& agent : agents) addresses.push_back(agent.address);
  return addresses;
}

// Of the plan's list, in bytes of its text.
struct ListOnItsWay {
  uint64_t wanted = 0;  // up to here; 0: nothing was asked for yet
  uint64_t sent = 0;
  bool under_way = false;  // a piece of it has not left yet
};

struct Member {
  enum class Stage {
    kAbsent,     // cannot be reached yet, and is waited for
    kDialed,     // Hello is out
    kBusy,       // somebody else's: is dialled again
    kWelcomed,   // ours
    kUnused,     // has no share of this run
    kPreparing,  // is sent the plan and the list
    kReady,
    kRunning,
    kAway,  // the same, but out of reach
    kDone,  // it has ended, and everything that it saw is merged
    kLost,
  };

  // The agent has it from here on, whatever breaks.
  bool begun() const { return stage == Stage::kRunning || stage == Stage::kAway; }

  // Queues a command, and keeps it until it is confirmed. It acknowledges the snapshots as well.
  void Command(v1::ControllerMessage message);
  // Acknowledges the snapshots that are merged.
  void Acknowledge();
  // Whether nothing that was sent did so yet.
  bool owes_acknowledgement() const { return acknowledged_ < sequence; }
  // It has not been told anything.
  void BeginAnew();
  // All commands up to this one were carried out.
  void Confirm(uint64_t command);
  // On a new stream: what is not confirmed, again.
  void RepeatCommands();
  void Ping(Nanos now);
  // False if no clock could show what it says.
  bool OnPong(const v1::Pong& pong, Nanos received);

  AgentSpec spec;         // of an agent that dialled: where it came from
  bool attached = false;  // it dialled, so it cannot be dialled
  std::string instance;   // of the agent's process
  uint32_t weight = 1;
  std::unique_ptr<AgentLink> link;  // null: there is no stream
  uint64_t link_number = 0;
  Stage stage = Stage::kDialed;

  Nanos give_up_at = kForever;  // before the start: when it has said nothing for too long
  Nanos dial_at = kForever;     // when it is dialled (again)
  Nanos patience = 0;           // how long the stream dialled last is given for an answer
  std::string busy;             // what it said when it was busy
  size_t feeder_sent = 0;       // bytes
  ListOnItsWay list;
  size_t round_trips = 0;  // as many are made before its clock counts as known

  size_t ledger_index = 0;  // from its start on
  uint64_t sequence = 0;    // of the last snapshot merged
  Nanos heard_at = 0;       // when that came: its lease counts from before
  Nanos linked_at = 0;      // since when there is this stream
  Nanos away_since = 0;
  Nanos ping_at = 0;          // when its clock is looked at again
  Nanos fence_at = kForever;  // lost: when what it had is granted again
  Nanos close_at = kForever;  // dismissed: when its stream is not waited for any longer
  ClockSync clock;
  Nanos began = 0;          // when the first of its workers began, on its own clock; 0: not known
  bool from_start = false;  // it was started with the others, not later
  AgentResult result;

 private:
  uint64_t acknowledged_ = 0;  // snapshots
  uint64_t commands_ = 0;      // said so far
  std::deque<v1::ControllerMessage> unconfirmed_;
  uint64_t ping_ = 0;  // the last one
  Nanos ping_sent_ = 0;
};

// "agent lon-1 (10.0.0.5:7400)", for messages.
std::string Named(const Member& member);

// Why its stream is over.
std::string Reason(const AgentClosed& closed);

}  // namespace squall
