// The ledger of an arrival rate: grants are lanes of the schedule.
//
// The numbers that are due in one second of the schedule are dealt out in turns, each agent's turns
// as many as its weight and evenly spaced: a turn is a lane, a span whose stride is the number of
// lanes. The next second begins one lane further on, so that no URL sticks to one agent. Each
// second is granted some seconds ahead, to everyone at the same time, whatever has come back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "common/schedule.h"
#include "controller/ledger.h"
#include "controller/open_ranges.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class LaneLedger final : public Ledger {
 public:
  // How far ahead of its second a number is granted, at least, if Grant() is called each second.
  static constexpr Nanos kAhead = 4 * kSecond;

  // `phase` has arrivals. `weights` of the agents, each at least 1: their shares of the rate.
  LaneLedger(const v1::Phase& phase, uint64_t seed, std::vector<uint32_t> weights);

  std::vector<Span> Grant(size_t agent, Nanos now) override;
  uint64_t total() const override { return total_; }
  bool exhausted() const override { return next_ == total_; }
  absl::Status Close(size_t agent, const Closing& closing, Nanos window) override;
  bool complete() const override { return closed_ == total_; }
  double per_second(size_t) const override { return 0; }
  void Expect(size_t, double) override {}

 private:
  // The numbers of one second that are not all closed. Never empty.
  struct Second {
    int64_t index;
    uint64_t first;
    uint64_t count;
    uint64_t open;
  };
  struct Agent {
    std::vector<uint64_t> lanes;  // rising
    int64_t granted = 0;          // seconds
    // Its numbers as keys: those of one second are consecutive, from the first number of that
    // second on, so that what is done in turn stays one range.
    OpenRanges open;
  };

  struct Keys {
    NumberRun run;    // of keys, in one second
    uint64_t number;  // that the first of them stands for
  };

  void MakeLanes(std::vector<uint32_t> weights);
  void MakeSecond();
  // Null: it has no numbers, or all of them are closed.
  const Second* SecondAt(int64_t index) const;
  // The place in seconds_ of the one that the number is due in; seconds_.size(): there is none.
  size_t SecondOf(uint64_t number) const;
  // Where lane `lane` stands among those of a second; and the other way round.
  uint64_t PlaceOf(uint64_t lane, const Second& second) const;
  uint64_t LaneAt(uint64_t place, const Second& second) const;
  uint64_t LanesBefore(const Agent& agent, const Second& second, uint64_t place) const;
  bool AddKeys(size_t agent, NumberRun run, std::vector<Keys>& keys) const;

  Schedule schedule_;
  const uint64_t total_;
  std::vector<Agent> agents_;
  std::vector<size_t> owners_;  // of each lane
  uint64_t next_ = 0;           // all numbers below are in a second that was made
  int64_t made_ = 0;            // seconds
  std::deque<Second> seconds_;  // that were made
  uint64_t closed_ = 0;
};

}  // namespace squall
