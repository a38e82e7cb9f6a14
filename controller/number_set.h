// A set of numbers that is told as runs: which requests of a phase have a result.
//
// Numbers come roughly in their order, from many agents at once. They are kept as bits, in blocks;
// a block that is full becomes part of a run of full ones, so that memory grows with the holes and
// not with the numbers. If there are too many holes for it, the set forgets all and says so. Pure;
// one thread's.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "common/span.h"

namespace squall {

class NumberSet {
 public:
  // Blocks with holes that are kept: 40 MB, and holes among some 270 million numbers.
  static constexpr size_t kMostPartial = 65'536;

  explicit NumberSet(size_t most_partial = kMostPartial) : most_partial_(most_partial) {}

  // Numbers are below 2^63, as spans have them. One that is there already changes nothing.
  void Add(const Span& span);

  // Disjoint runs, rising, no two of them neighbours. Nothing if they are more than `most`, or not
  // known any more.
  std::optional<std::vector<NumberRun>> Runs(size_t most) const;

 private:
  static constexpr uint64_t kBlock = 4096;
  struct Block {
    std::bitset<kBlock> bits;
    uint32_t count = 0;
  };

  void AddWithin(uint64_t block, const Span& part);
  bool IsFull(uint64_t block) const;
  void Fill(uint64_t block, uint64_t count);

  const size_t most_partial_;
  bool known_ = true;
  std::map<uint64_t, uint64_t> full_;  // runs of full blocks: the first, and how many
  std::map<uint64_t, std::unique_ptr<Block>> partial_;
};

}  // namespace squall
