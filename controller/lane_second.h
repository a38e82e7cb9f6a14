// The numbers that are due in one second of a schedule, dealt out in turns.
//
// Each turn is a lane: every so-many-th number from its first one on, which goes to an agent as a
// whole. Lanes are named by any of their numbers. What is open of a lane is kept as ranges of
// positions in it, so that what is done in turn stays one range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/span.h"
#include "controller/open_ranges.h"

namespace squall {

struct Lane {
  uint32_t owner = 0;
  bool granted = false;  // its owner was told
  bool again = false;    // somebody lost was told before
  OpenRanges open;       // positions
};

// The agents of all turns, evenly spaced: agent i as often as weights[i], in proportion. At least
// one weight is not 0.
std::vector<uint32_t> DealTurns(const std::vector<uint32_t>& weights);

class LaneSecond {
 public:
  // `count` numbers, at least 1, as many lanes as there are turns or numbers. They go round and
  // round the turns, beginning with turns[begin].
  LaneSecond(uint64_t first, uint64_t count, const std::vector<uint32_t>& turns, uint64_t begin);

  uint64_t first() const { return first_; }
  uint64_t end() const { return end_; }
  size_t lanes() const { return lanes_.size(); }

  // Only while it is not closed.
  Lane& LaneOf(uint64_t number) { return lanes_[(number - first_) % stride_]; }
  const Lane& LaneOf(uint64_t number) const { return lanes_[(number - first_) % stride_]; }
  // A lane's first number, open or not.
  uint64_t FirstOf(uint64_t number) const { return first_ + (number - first_) % stride_; }
  // What is open of a lane; the rest from its first number on, while it is untouched.
  std::vector<Span> OpenOf(uint64_t number) const;
  uint64_t OpenBelow(uint64_t number, uint64_t limit) const;
  // The beginning of a span that lies in one lane without a gap, as positions; a span begins in
  // this second.
  NumberRun PositionsOf(const Span& span) const;

  // So many numbers, taken out of a lane before, are done. Closed: all are.
  void Close(uint64_t count);
  bool closed() const { return open_ == 0; }

 private:
  uint64_t first_;
  uint64_t end_;
  uint64_t stride_;  // of each lane
  uint64_t open_;
  std::vector<Lane> lanes_;  // none once it is closed
};

}  // namespace squall
