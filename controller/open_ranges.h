// Numbers that an agent was granted and has not accounted for: disjoint ranges.
#pragma once

#include <cstdint>
#include <map>

#include "common/span.h"

namespace squall {

class OpenRanges {
 public:
  // Numbers above all that were added before.
  void Add(const NumberRun& run);
  // Whether all of the run's numbers are in here. Of no numbers: false.
  bool Contains(const NumberRun& run) const;
  // What Contains() is true for.
  void Remove(const NumberRun& run);

  uint64_t count() const { return count_; }

 private:
  std::map<uint64_t, uint64_t> ranges_;  // first → end
  uint64_t count_ = 0;
};

}  // namespace squall
