// A set of numbers that wait for something: disjoint ranges, so that its memory is that of its
// gaps.
#pragma once

#include <cstdint>
#include <map>

#include "common/span.h"

namespace squall {

class OpenRanges {
 public:
  // Numbers that are not in here.
  void Add(const NumberRun& run);
  // Takes them out, if all of the run's numbers are in here. Of no numbers: false.
  bool Take(const NumberRun& run);
  // Takes out the smallest number and those next to it, `most` (at least 1) at most. There must be
  // one.
  NumberRun TakeFirst(uint64_t most);

  bool empty() const { return count_ == 0; }
  uint64_t count() const { return count_; }
  uint64_t CountBelow(uint64_t number) const;
  // Rising, and never two that touch: first → end.
  const std::map<uint64_t, uint64_t>& ranges() const { return ranges_; }

 private:
  std::map<uint64_t, uint64_t> ranges_;
  uint64_t count_ = 0;
};

}  // namespace squall
