#include "agent/pending_numbers.h"

#include <algorithm>
#include <utility>

namespace squall {
namespace {

constexpr auto kLater = [](const Span& a, const Span& b) { return a.first > b.first; };

uint64_t CountBelowIn(const Span& span, uint64_t number) {
  if (number <= span.first) return 0;
  return std::min(span.count, (number - 1 - span.first) / span.stride + 1);
}

}  // namespace

void PendingNumbers::Add(const Span& span) {
  if (span.count == 0) return;
  heap_.push_back(span);
  std::push_heap(heap_.begin(), heap_.end(), kLater);
  count_ += span.count;
}

void PendingNumbers::PopFirst() {
  std::pop_heap(heap_.begin(), heap_.end(), kLater);
  Span& span = heap_.back();
  --count_;
  if (--span.count == 0) {
    heap_.pop_back();
    return;
  }
  span.first += span.stride;
  std::push_heap(heap_.begin(), heap_.end(), kLater);
}

uint64_t PendingNumbers::CountBelow(uint64_t number) const {
  uint64_t count = 0;
  for (const Span& span : heap_) count += CountBelowIn(span, number);
  return count;
}

uint64_t PendingNumbers::Nth(uint64_t count, uint64_t bound) const {
  // The largest that no more than `count` are below: below its neighbour there is one more, itself.
  uint64_t low = First();
  uint64_t high = bound;
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (CountBelow(middle) <= count ? low : high) = middle;
  }
  return low;
}

void PendingNumbers::MoveBelow(uint64_t number, PendingNumbers& other) {
  for (Span& span : heap_) {
    const uint64_t below = CountBelowIn(span, number);
    other.Add({span.first, span.stride, below});
    span.first += below * span.stride;
    span.count -= below;
    count_ -= below;
  }
  std::erase_if(heap_, [](const Span& span) { return span.count == 0; });
  std::make_heap(heap_.begin(), heap_.end(), kLater);
}

std::vector<NumberRun> PendingNumbers::TakeRuns(uint64_t stride) {
  std::vector<NumberRun> parts;
  for (const Span& span : heap_) {
    if (span.stride == stride) {
      parts.push_back({span.first, span.count});
    } else {
      for (uint64_t i = 0; i < span.count; ++i) parts.push_back({span.first + i * span.stride, 1});
    }
  }
  heap_.clear();
  count_ = 0;

  // Those that may touch stand next to each other.
  std::sort(parts.begin(), parts.end(), [stride](const NumberRun& a, const NumberRun& b) {
    return std::pair(a.first % stride, a.first) < std::pair(b.first % stride, b.first);
  });
  std::vector<NumberRun> runs;
  for (const NumberRun& part : parts) {
    if (!runs.empty() && runs.back().first + runs.back().count * stride == part.first) {
      runs.back().count += part.count;
    } else {
      runs.push_back(part);
    }
  }
  std::sort(runs.begin(), runs.end(),
            [](const NumberRun& a, const NumberRun& b) { return a.first < b.first; });
  return runs;
}

}  // namespace squall
