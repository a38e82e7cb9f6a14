// The ledger of a closed loop: grants are ranges, rising in n.
//
// An agent is topped up to what it does in the time that it is to hold work for, but of a total it
// holds no more than half its share (by rate) of what nobody has finished yet, down to what keeps
// its connections busy: fast machines do more, and all finish together. What lost agents leave
// behind waits in a pool, which is emptied before anything new is granted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "controller/ledger.h"
#include "controller/open_ranges.h"

namespace squall {

class RangeLedger final : public Ledger {
 public:
  // `total`: how many numbers there are; 0: as many as are asked for. `hold`: for how long an agent
  // has work.
  RangeLedger(uint64_t total, Nanos hold) : total_(total), hold_(hold) {}

  uint64_t total() const override { return total_; }

  size_t Join(const LedgerAgent& agent) override;
  void Change(size_t agent, const LedgerAgent& changed) override;
  void Leave(size_t agent) override;
  void Return(size_t agent) override;
  // When it sent what is not known: all that it had may be repeated.
  Loss Lose(size_t agent, Nanos fenced) override;

  // At most one span is new.
  std::vector<Granted> Grant(size_t agent, Nanos now) override;
  bool exhausted() const override { return total_ != 0 && next_ == total_ && lost_.empty(); }

  // Nothing is ever due, so nothing is dropped or unsent. Runs are of stride 1, as grants are;
  // others are refused.
  absl::Status Close(size_t agent, const Closing& closing, Nanos window) override;
  bool complete() const override { return total_ != 0 && held_ == total_; }
  uint64_t held() const { return held_; }

  double per_second(size_t agent) const override { return agents_[agent].per_second; }
  void Expect(size_t agent, double per_second) override;

 private:
  struct Agent {
    enum class State { kTakesPart, kLeft, kLost };

    State state = State::kTakesPart;
    uint32_t concurrency = 1;
    OpenRanges open;
    uint64_t held = 0;
    bool granted = false;   // anything
    Nanos began = 0;        // when it was granted something first
    bool reported = false;  // anything
    Nanos window = 0;       // when it last did, or began
    bool expected = false;  // its rate was known before it reported
    double per_second = 0;  // smoothed; 0: not known yet
  };

  // Of the agents that take part.
  struct Sums {
    uint64_t agents = 0;
    uint64_t unknown = 0;  // of these, those whose rate is not known
    double per_second = 0;
    double concurrency = 0;
    uint64_t elsewhere = 0;  // numbers that others have
  };
  const Sums& TakingPart();
  double ShareOf(const Agent& agent);
  uint64_t GrantSize(const Agent& agent);
  void SetRate(Agent& agent, double per_second);
  void UpdateRate(Agent& agent, uint64_t count, Nanos window);

  const uint64_t total_;
  const Nanos hold_;
  uint64_t next_ = 0;  // all below were granted
  OpenRanges lost_;    // of these, those that nobody has now
  uint64_t held_ = 0;
  std::vector<Agent> agents_;
  Sums sums_;           // kept up to date while they are not stale
  bool stale_ = false;  // somebody came, went or was changed
};

}  // namespace squall
