#include "agent/entry_times.h"

#include <algorithm>

namespace squall {

// In longer and longer steps from where it was last, then in halves: whoever asks goes on from
// there, mostly, and each look may be one at a disk.
uint64_t EntryTimes::CountBefore(uint64_t us, uint64_t near) const {
  uint64_t low = std::min(near, list_.size());  // entries before it are due before `us`, …
  uint64_t high = low;                          // … and those from here on are not
  for (uint64_t step = 1; low > 0 && At(low - 1) >= us; step *= 2) {
    high = low - 1;
    low -= std::min(low, step);
  }
  for (uint64_t step = 1; high < list_.size() && At(high) < us; step *= 2) {
    low = high + 1;
    high += std::min(list_.size() - high, step);
  }
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (At(middle) < us) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace squall
