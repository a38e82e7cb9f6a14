// The conversation with one agent from the first Hello until it is ready: before the start as well
// as for one that comes later.
//
// Owned and called by the coordinator's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "controller/fleet_times.h"
#include "controller/list_chunks.h"
#include "controller/progress.h"
#include "controller/roster.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// What every agent of a run is told.
struct RunOrder {
  std::string run_id;
  v1::Plan plan;                   // concurrency 0: the sum over agents of cores + 1
  std::shared_ptr<ListFile> list;  // of plan.urls; null without one
  std::string feeder_text;
  FleetTimes times;
  // Calibration: each agent sends to a target of its own (v1::Prepare). Without a concurrency it
  // has as many connections as its ceiling takes.
  bool own_target = false;
};

class Recruiter {
 public:
  // Everything is borrowed.
  Recruiter(const RunOrder& order, Roster& roster, Progress& progress);

  // From now on agents may be busy with this very run: they have not noticed a broken stream yet.
  void Begun() { begun_ = true; }

  // Dials it, and gives it some time to answer.
  void Dial(size_t index);
  // The first message of an agent that dialled is Welcome: as if it had been dialled.
  void Greeted(size_t index);
  // Some more round trips, so that its clock is known as of now.
  void Time(size_t index);
  // Sends the plan, its feeder, and of the list what the agent wants. `share` of the concurrency,
  // `first_connection` and `max_backlog` as in v1::Prepare.
  void Prepare(size_t index, uint32_t share, uint32_t first_connection, uint64_t max_backlog);

  // Errors name the agent. UNAVAILABLE and DEADLINE_EXCEEDED: it cannot be reached, or is busy; any
  // other: it will not do.
  absl::Status OnNews(size_t index, const FleetNews& news);
  // When OnTime() is to be called, and what has come due by then.
  Nanos NextTime(size_t index) const;
  absl::Status OnTime(size_t index, Nanos now);

  // Welcome, and its clock is known.
  bool IsTimed(size_t index) const;
  // Of the plan's addresses to send from, those that no agent has.
  const std::set<std::string>& unclaimed_sources() const { return unclaimed_sources_; }

 private:
  uint64_t RateShare(size_t index) const;
  std::string WhyLate(const Member& member) const;
  absl::Status OnClosed(const Member& member, const AgentClosed& closed);
  absl::Status OnWelcome(Member& member, const v1::Welcome& welcome);
  absl::Status OnFailed(Member& member, const v1::Failed& failed);
  absl::Status OnPong(Member& member, const v1::Pong& pong, Nanos received);
  absl::Status OnListWanted(Member& member, const v1::ListWanted& wanted);
  absl::Status SendData(Member& member);
  absl::Status SendList(Member& member);

  const RunOrder& order_;
  Roster& roster_;
  Progress& progress_;
  std::set<std::string> unclaimed_sources_;
  ListChunks chunks_;
  bool begun_ = false;
};

}  // namespace squall
