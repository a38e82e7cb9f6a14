// Which agent has which work and how many connections, and telling them so.
//
// Owned and called by the coordinator's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/list_times.h"
#include "controller/connection_shares.h"
#include "controller/ledger.h"
#include "controller/recruiter.h"
#include "controller/roster.h"

namespace squall {

class Allotment {
 public:
  // Both are borrowed. With `fixed_bounds` each agent has a bound on its requests in flight by
  // itself; otherwise they share the plan's concurrency.
  Allotment(const RunOrder& order, Roster& roster, bool fixed_bounds);

  bool fixed_bounds() const { return !shares_; }

  // When the first phase begins, on our clock. Before anything else.
  void Begin(Nanos start) { start_ = start; }
  // When the phase begins, on our clock.
  Nanos BeginOf(size_t phase) const;
  size_t phases() const { return ledgers_.size(); }
  // Of the measured phase.
  const Ledger& measured() const { return *ledgers_.back(); }

  // An agent that is started: it takes part from now on.
  void Join(size_t index);
  // A ready one waits until others have made room for it; Settle() says when they have. False:
  // there are no more requests in flight than agents.
  bool Queue(size_t index);
  // It takes no part after all.
  void Release(size_t index);
  // It is out of reach, and again not.
  void Leave(size_t index);
  void Return(size_t index);
  // It is gone for good, and has sent nothing since `fenced`: what it had is granted to others. Of
  // the measured phase.
  Ledger::Loss Lose(size_t index, Nanos fenced);
  // The agents that are left can have all the requests in flight that were asked for.
  bool Suffices() const;

  // What an agent tells of its numbers and of what it has in flight.
  absl::Status Close(const Member& member, size_t phase, const Closing& closing, Nanos window);
  void Report(size_t index, uint32_t concurrency);

  // Tells agents of changed shares of the concurrency; returns who can be started now.
  std::vector<size_t> Settle();
  // Of the bound on the backlog, by weight; and telling everybody, after somebody has come or gone.
  uint64_t BacklogOf(size_t index) const;
  void ShareBacklog();

  void Grant(size_t index, size_t phase, Nanos now);
  // After a snapshot of the phase: this one, and those to come as if it went on like that.
  void GrantFrom(size_t index, size_t phase, Nanos now);
  void GrantToAll(Nanos now);
  // What goes by the schedule, whatever has come back; when it is to be called again.
  Nanos GrantByTime(Nanos now);
  // Nothing is granted from now on.
  void Stop() { stopped_ = true; }

 private:
  void Resize(size_t index, uint32_t share);

  const RunOrder& order_;
  std::optional<RoughTimes> times_;  // of the list, where the schedule is its own
  Roster& roster_;
  std::vector<std::unique_ptr<Ledger>> ledgers_;  // by phase
  std::optional<ConnectionShares> shares_;
  Nanos start_ = 0;
  bool stopped_ = false;
};

}  // namespace squall
