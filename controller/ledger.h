// Who was granted which numbers, and whose results are held.
//
// One for each phase. A pure state machine: no clock, no network, no threads of its own; the caller
// says what time it is. Every number is granted to one agent, in rising order, and is held once.
//
// Grants are finite. An agent is topped up to about 4 s of work at the rate it was seen at, but of
// a total it holds no more than half its share (by rate) of what nobody has finished yet, down to
// what keeps its connections busy: fast machines do more, and all finish together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/span.h"

namespace squall {

class Ledger {
 public:
  // `total`: how many numbers there are; 0: as many as are asked for.
  explicit Ledger(uint64_t total) : total_(total) {}

  // A new agent with its share of the concurrency (at least 1). Its index: 0, 1, 2, …
  size_t AddAgent(uint32_t concurrency);

  // What to grant to an agent now, if anything.
  std::optional<Span> TopUp(size_t agent);

  // An agent that has reported nothing yet is expected to do so many requests a second.
  void Expect(size_t agent, double per_second);
  // What it was seen to do, or is expected to; 0: not known yet.
  double per_second(size_t agent) const { return agents_[agent].per_second; }

  // The agent holds the results of `runs`. `window` is the time since the phase's beginning, in ns.
  // FAILED_PRECONDITION, and nothing is changed, if one of the numbers was not granted to it or is
  // held already.
  absl::Status Hold(size_t agent, const std::vector<NumberRun>& runs, Nanos window);

  // Everything has been granted.
  bool exhausted() const { return total_ != 0 && next_ == total_; }
  // Everything is held.
  bool complete() const { return total_ != 0 && held_ == total_; }
  uint64_t held() const { return held_; }

 private:
  struct Agent {
    uint32_t concurrency = 1;
    // Granted and not held: disjoint ranges, first → end.
    std::map<uint64_t, uint64_t> open;
    uint64_t open_count = 0;
    uint64_t held = 0;
    Nanos window = 0;       // when it last reported
    bool expected = false;  // its rate was known before it reported
    double per_second = 0;  // smoothed; 0: not known yet
  };

  static bool IsOpen(const Agent& agent, const NumberRun& run);
  static void Close(Agent& agent, const NumberRun& run);
  double Share(const Agent& agent) const;
  uint64_t GrantSize(const Agent& agent) const;

  const uint64_t total_;
  uint64_t next_ = 0;  // all below are granted
  uint64_t held_ = 0;
  uint64_t concurrency_ = 0;  // of all agents
  std::vector<Agent> agents_;
};

}  // namespace squall
