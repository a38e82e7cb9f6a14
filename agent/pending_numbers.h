// A set of numbers, added as spans and taken out from the smallest one up.
//
// A heap of spans by their first numbers: memory is that of the spans, however many numbers they
// stand for. No number may be in it twice. Numbers are below 2^63. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "common/span.h"

namespace squall {

class PendingNumbers {
 public:
  // Ignores an empty one.
  void Add(const Span& span);

  bool empty() const { return heap_.empty(); }
  uint64_t count() const { return count_; }

  // The smallest number; there must be one.
  uint64_t First() const { return heap_.front().first; }
  // Removes it.
  void PopFirst();

  uint64_t CountBelow(uint64_t number) const;
  // The number that exactly `count` others are below; it must exist and be below `bound`. The
  // closer the bound the faster.
  uint64_t Nth(uint64_t count, uint64_t bound) const;
  // Moves all numbers below `number` to `other`.
  void MoveBelow(uint64_t number, PendingNumbers& other);

  // Removes all numbers: as runs of numbers at this distance, rising by their first ones and as few
  // as possible. Takes time for each span, or where its stride is another for each number.
  std::vector<NumberRun> TakeRuns(uint64_t stride);

 private:
  std::vector<Span> heap_;  // none is empty
  uint64_t count_ = 0;
};

}  // namespace squall
