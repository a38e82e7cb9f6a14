// How often each number stands in a log: never, once, or more often.
//
// Two bits a number, in blocks that are made when the first of their numbers comes: memory follows
// the log's lines, whatever anybody says beforehand. Pure; one thread's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "common/span.h"

namespace squall {

// The smallest of many numbers, and how often each has come.
class SmallestNumbers {
 public:
  static constexpr size_t kMost = 10;

  // Of a number that has come so often by now. Each is told whenever it comes again.
  void Tell(uint64_t number, uint64_t times);
  // It has come once more, if it is among them.
  void Again(uint64_t number);

  const std::map<uint64_t, uint64_t>& times() const { return times_; }

 private:
  std::map<uint64_t, uint64_t> times_;
};

class LoggedNumbers {
 public:
  // At most so many blocks of 4096 numbers (1 KiB each).
  explicit LoggedNumbers(size_t most_blocks) : most_blocks_(most_blocks) {}

  enum class Before { kNever, kOnce, kMoreOften, kNoRoom };
  // Counts a number, and says how often it had come; without room it is not counted.
  Before Add(uint64_t number);

  uint64_t distinct() const { return distinct_; }
  uint64_t repeated() const { return repeated_; }  // numbers that came more than once

  // What came of the numbers in runs, which are disjoint and rise.
  struct Census {
    uint64_t never = 0;
    uint64_t once = 0;
    uint64_t more_often = 0;
    std::vector<uint64_t> first_never;  // at most SmallestNumbers::kMost
  };
  Census Of(const std::vector<NumberRun>& runs) const;

 private:
  static constexpr uint64_t kWord = 64;
  static constexpr uint64_t kBlock = 64 * kWord;
  struct Block {
    std::array<uint64_t, kBlock / kWord> came = {};
    std::array<uint64_t, kBlock / kWord> again = {};
  };

  static void Missing(uint64_t first, uint64_t count, Census& census);
  static void TakeWord(const Block& block, uint64_t first, uint64_t count, Census& census);

  const size_t most_blocks_;
  std::map<uint64_t, std::unique_ptr<Block>> blocks_;
  uint64_t newest_number_ = 0;  // of the block that was used last
  Block* newest_ = nullptr;
  uint64_t distinct_ = 0;
  uint64_t repeated_ = 0;
};

}  // namespace squall
