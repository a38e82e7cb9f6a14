#include "controller/open_ranges.h"

#include <iterator>

namespace squall {

void OpenRanges::Add(const NumberRun& run) {
  const uint64_t end = run.first + run.count;
  // Ranges that touch become one.
  auto last = ranges_.empty() ? ranges_.end() : std::prev(ranges_.end());
  if (last != ranges_.end() && last->second == run.first) {
    last->second = end;
  } else {
    ranges_.emplace(run.first, end);
  }
  count_ += run.count;
}

bool OpenRanges::Contains(const NumberRun& run) const {
  auto range = ranges_.upper_bound(run.first);
  if (run.count == 0 || range == ranges_.begin()) return false;
  --range;
  return run.first < range->second && run.count <= range->second - run.first;
}

void OpenRanges::Remove(const NumberRun& run) {
  auto range = std::prev(ranges_.upper_bound(run.first));
  const uint64_t end = range->second;
  const uint64_t run_end = run.first + run.count;
  if (range->first == run.first) {
    ranges_.erase(range);
  } else {
    range->second = run.first;
  }
  if (run_end != end) ranges_.emplace(run_end, end);
  count_ -= run.count;
}

}  // namespace squall
