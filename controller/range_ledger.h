// The ledger of a closed loop: grants are ranges, rising in n.
//
// An agent is topped up to about 4 s of work at the rate it was seen at, but of a total it holds no
// more than half its share (by rate) of what nobody has finished yet, down to what keeps its
// connections busy: fast machines do more, and all finish together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "controller/ledger.h"
#include "controller/open_ranges.h"

namespace squall {

class RangeLedger final : public Ledger {
 public:
  // `total`: how many numbers there are; 0: as many as are asked for.
  explicit RangeLedger(uint64_t total) : total_(total) {}

  // A new agent with its share of the concurrency (at least 1). Its index: 0, 1, 2, …
  size_t AddAgent(uint32_t concurrency);

  uint64_t total() const override { return total_; }
  // What to grant to an agent now, if anything.
  std::optional<Span> TopUp(size_t agent);
  std::vector<Span> Grant(size_t agent, Nanos now) override;
  bool exhausted() const override { return total_ != 0 && next_ == total_; }

  // Nothing is ever due, so nothing is dropped or unsent.
  absl::Status Close(size_t agent, const Closing& closing, Nanos window) override;
  bool complete() const override { return total_ != 0 && held_ == total_; }
  uint64_t held() const { return held_; }

  double per_second(size_t agent) const override { return agents_[agent].per_second; }
  void Expect(size_t agent, double per_second) override;

 private:
  struct Agent {
    uint32_t concurrency = 1;
    OpenRanges open;
    uint64_t held = 0;
    Nanos window = 0;       // when it last reported
    bool expected = false;  // its rate was known before it reported
    double per_second = 0;  // smoothed; 0: not known yet
  };

  double Share(const Agent& agent) const;
  uint64_t GrantSize(const Agent& agent) const;
  static void UpdateRate(Agent& agent, uint64_t count, Nanos window);

  const uint64_t total_;
  uint64_t next_ = 0;  // all below are granted
  uint64_t held_ = 0;
  uint64_t concurrency_ = 0;  // of all agents
  std::vector<Agent> agents_;
};

}  // namespace squall
