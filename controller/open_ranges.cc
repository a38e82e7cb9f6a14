#include "controller/open_ranges.h"

#include <algorithm>
#include <iterator>

namespace squall {

void OpenRanges::Add(const NumberRun& run) {
  if (run.count == 0) return;
  count_ += run.count;
  uint64_t end = run.first + run.count;
  const auto after = ranges_.lower_bound(run.first);
  auto hint = after;
  if (after != ranges_.end() && after->first == end) {
    end = after->second;
    hint = ranges_.erase(after);
  }
  if (hint != ranges_.begin()) {
    const auto before = std::prev(hint);
    if (before->second == run.first) {
      before->second = end;
      return;
    }
  }
  ranges_.emplace_hint(hint, run.first, end);
}

bool OpenRanges::Take(const NumberRun& run) {
  auto range = ranges_.upper_bound(run.first);
  if (run.count == 0 || range == ranges_.begin()) return false;
  --range;
  const auto [first, end] = *range;
  if (run.first >= end || run.count > end - run.first) return false;
  const uint64_t run_end = run.first + run.count;
  if (run_end != end) ranges_.emplace_hint(std::next(range), run_end, end);
  if (first == run.first) {
    ranges_.erase(range);
  } else {
    range->second = run.first;
  }
  count_ -= run.count;
  return true;
}

NumberRun OpenRanges::TakeFirst(uint64_t most) {
  const auto [first, end] = *ranges_.begin();
  const NumberRun run = {first, std::min(most, end - first)};
  Take(run);
  return run;
}

uint64_t OpenRanges::CountBelow(uint64_t number) const {
  uint64_t count = 0;
  for (const auto& [first, end] : ranges_) {
    if (first >= number) break;
    count += std::min(end, number) - first;
  }
  return count;
}

}  // namespace squall
