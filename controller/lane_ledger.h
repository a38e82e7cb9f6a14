// The ledger of an arrival rate: grants are lanes of the schedule.
//
// The numbers that are due in one second of the schedule are dealt out in turns to those who take
// part, each agent's turns as many as its weight and evenly spaced: a turn is a lane, a span whose
// stride is the number of lanes. The next second begins one lane further on, so that no URL sticks
// to one agent. Each second is granted some seconds ahead, to everyone at the same time, whatever
// has come back. What was dealt stays so while agents come and go; but what was dealt to an agent
// that leaves before it was granted, and what one that is lost had open, is dealt out once more,
// lane by lane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <vector>

#include "common/schedule.h"
#include "controller/lane_second.h"
#include "controller/ledger.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class LaneLedger final : public Ledger {
 public:
  // `phase` has arrivals. A number is granted at least `hold` ahead of its second, if Grant() is
  // called each second. `listed` as in Schedule: they may be known roughly, what is due within a
  // stretch is granted with its first.
  LaneLedger(const v1::Phase& phase, uint64_t seed, Nanos hold,
             const ListedTimes* listed = nullptr);

  uint64_t total() const override { return total_; }

  size_t Join(const LedgerAgent& agent) override;
  void Change(size_t agent, const LedgerAgent& changed) override;
  void Leave(size_t agent) override;
  void Return(size_t agent) override;
  // What was not due before `fenced` was certainly not sent.
  Loss Lose(size_t agent, Nanos fenced) override;

  // Everything that is its own by now, at once.
  std::vector<Granted> Grant(size_t agent, Nanos now) override;
  bool exhausted() const override { return next_ == total_ && not_granted_ == 0; }

  // A span takes time for each second that it lies in, if it is one of a lane; else for each
  // number.
  absl::Status Close(size_t agent, const Closing& closing, Nanos window) override;
  bool complete() const override { return closed_ == total_; }

  double per_second(size_t) const override { return 0; }
  void Expect(size_t, double) override {}

 private:
  struct Agent {
    enum class State { kTakesPart, kLeft, kLost };

    uint32_t weight = 1;
    State state = State::kTakesPart;
    std::vector<uint64_t> dealt;  // an open number of each lane that it is granted next
    std::set<uint64_t> lanes;     // that it was granted and that are open, by their first numbers
  };

  struct Taken {
    LaneSecond* second;
    uint64_t number;  // in the lane
    NumberRun positions;
  };

  const std::vector<uint32_t>& Turns();
  void MakeSecond();
  void DealWaiting();
  void Withdraw(Agent& agent);
  // Null: it is not due in a second that was made and is not closed.
  LaneSecond* SecondOf(uint64_t number);
  bool TakeSpan(size_t agent, Span span, std::vector<Taken>& taken);

  Schedule schedule_;
  const uint64_t total_;
  const Nanos hold_;
  std::vector<Agent> agents_;
  // The agents of all turns among those who take part; made anew when it is needed and stale.
  std::vector<uint32_t> turns_;
  bool stale_ = true;
  uint64_t next_turn_ = 0;          // of what is dealt out once more
  uint64_t next_ = 0;               // all numbers below are in a second that was made
  int64_t made_ = 0;                // seconds
  std::deque<LaneSecond> seconds_;  // that were made, from the first on that is not closed
  // The smallest open number of each lane that is to be dealt out once more.
  std::vector<uint64_t> waiting_;
  uint64_t not_granted_ = 0;  // lanes that were made: dealt and waiting
  uint64_t closed_ = 0;
};

}  // namespace squall
