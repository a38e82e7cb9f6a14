// All agents of a run, and which stream is whose.
//
// Owned by the coordinator's thread, as everything in it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/clock.h"
#include "controller/fleet.h"
#include "controller/member.h"

namespace squall {

class Roster {
 public:
  // The dialer is borrowed. `events` is called from other threads.
  Roster(Dialer& dialer, std::string run_id, std::function<void(FleetEvent)> events);

  size_t size() const { return members_.size(); }
  Member& operator[](size_t index) { return *members_[index]; }
  const Member& operator[](size_t index) const { return *members_[index]; }
  auto begin() const { return members_.begin(); }
  auto end() const { return members_.end(); }

  // One to be dialled.
  size_t Add(const AgentSpec& spec);
  // A new stream to it instead of the one it has; Hello is out.
  void Dial(size_t index);
  // No stream to it.
  void Disconnect(size_t index);
  // Its clock is asked, for a round trip.
  void Ping(Member& member) { member.Ping(pinged_at_ = SteadyNow()); }
  // When anybody's was asked last; 0: never.
  Nanos pinged_at() const { return pinged_at_; }

  // Somebody has dialled: Hello is out, and who it is will be seen. Whoever has said nothing for
  // too long is sent away.
  void Greet(uint64_t number, AgentAttached attached);
  bool IsStranger(uint64_t number) const { return strangers_.count(number) != 0; }
  const std::string& PeerOf(uint64_t number) const { return strangers_.at(number).attached.peer; }
  // The stranger becomes a new member …
  size_t Take(uint64_t number);
  // … or its stream becomes that of a member …
  void Rejoin(uint64_t number, size_t index);
  // … or it is sent away.
  void TurnAway(uint64_t number, v1::ControllerMessage last_words = {});

  // Whose stream it is, if anybody's.
  std::optional<size_t> IndexOf(uint64_t number) const;
  // The one of this process that dialled and takes part, if any.
  std::optional<size_t> Attached(const std::string& instance) const;

 private:
  struct Stranger {
    AgentAttached attached;
    Nanos since = 0;
  };

  v1::ControllerMessage Hello() const;
  void Link(size_t index, uint64_t number, std::unique_ptr<AgentLink> link);

  Dialer& dialer_;
  const std::string run_id_;
  const std::function<void(FleetEvent)> events_;
  std::vector<std::unique_ptr<Member>> members_;
  uint64_t next_link_ = 0;
  Nanos pinged_at_ = 0;
  std::unordered_map<uint64_t, size_t> owners_;  // of streams
  std::map<uint64_t, Stranger> strangers_;       // the oldest first
};

// user@host and process, for the agents' logs and for whoever finds them busy.
std::string Identity();

}  // namespace squall
