#include "controller/logged_numbers.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace squall {

void SmallestNumbers::Tell(uint64_t number, uint64_t times) {
  if (times_.size() == kMost && number > times_.rbegin()->first) return;
  times_.insert_or_assign(number, times);
  if (times_.size() > kMost) times_.erase(std::prev(times_.end()));
}

void SmallestNumbers::Again(uint64_t number) {
  const auto found = times_.find(number);
  if (found != times_.end()) ++found->second;
}

LoggedNumbers::Before LoggedNumbers::Add(uint64_t number) {
  const uint64_t block = number / kBlock;
  if (newest_ == nullptr || newest_number_ != block) {
    auto found = blocks_.find(block);
    if (found == blocks_.end()) {
      if (blocks_.size() == most_blocks_) return Before::kNoRoom;
      found = blocks_.emplace(block, std::make_unique<Block>()).first;
    }
    newest_number_ = block;
    newest_ = found->second.get();
  }
  uint64_t& came = newest_->came[number % kBlock / kWord];
  uint64_t& again = newest_->again[number % kBlock / kWord];
  const uint64_t bit = uint64_t{1} << number % kWord;
  if ((came & bit) == 0) {
    came |= bit;
    ++distinct_;
    return Before::kNever;
  }
  if ((again & bit) != 0) return Before::kMoreOften;
  again |= bit;
  ++repeated_;
  return Before::kOnce;
}

void LoggedNumbers::Missing(uint64_t first, uint64_t count, Census& census) {
  census.never += count;
  for (uint64_t i = 0; i < count && census.first_never.size() < SmallestNumbers::kMost; ++i) {
    census.first_never.push_back(first + i);
  }
}

// Numbers of one word.
void LoggedNumbers::TakeWord(const Block& block, uint64_t first, uint64_t count, Census& census) {
  const uint64_t word = first % kBlock / kWord;
  const uint64_t mask = (~uint64_t{0} >> (kWord - count)) << first % kWord;
  const uint64_t came = block.came[word] & mask;
  const auto again = static_cast<uint64_t>(std::popcount(block.again[word] & mask));
  census.more_often += again;
  census.once += static_cast<uint64_t>(std::popcount(came)) - again;
  const uint64_t base = first - first % kWord;
  for (uint64_t left = mask & ~came; left != 0; left &= left - 1) {
    Missing(base + static_cast<uint64_t>(std::countr_zero(left)), 1, census);
  }
}

LoggedNumbers::Census LoggedNumbers::Of(const std::vector<NumberRun>& runs) const {
  Census census;
  auto block = blocks_.begin();
  for (const NumberRun& run : runs) {
    const uint64_t end = run.first + run.count;
    for (uint64_t number = run.first; number < end;) {
      while (block != blocks_.end() && block->first < number / kBlock) ++block;
      const bool here = block != blocks_.end() && block->first == number / kBlock;
      uint64_t next = here                     ? number - number % kWord + kWord
                      : block == blocks_.end() ? end
                                               : block->first * kBlock;
      next = std::min(next, end);
      if (here) {
        TakeWord(*block->second, number, next - number, census);
      } else {
        Missing(number, next - number, census);
      }
      number = next;
    }
  }
  return census;
}

}  // namespace squall
