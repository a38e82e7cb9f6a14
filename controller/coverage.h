// Which entries of the list were requested, from the numbers whose results are held.
//
// Exact. Memory: a bit for each entry, until all were requested; and a count for each pass over the
// list that has begun and is not whole, but never more than kMostOpen: if there are more, because a
// short list is gone through very often and with gaps, passes are counted by twos, fours and so on.
//
// Owned and called by the coordinator's thread. Sets a bit for each number until all entries were
// requested, then costs next to nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "common/sequence.h"
#include "common/span.h"
#include "controller/result.h"

namespace squall {

class Coverage {
 public:
  static constexpr size_t kMostOpen = 4096;
  // So many passes that are not whole are in the result.
  static constexpr size_t kMostListed = 12;

  // As for Sequence.
  Coverage(v1::Order order, uint64_t seed, uint64_t entries);

  // Numbers come in any order, each once.
  void Add(const std::vector<Span>& held);

  CoverageResult Finish() &&;

 private:
  uint64_t block_numbers() const { return block_passes_ * entries_; }
  uint64_t passes_begun() const { return (end_ + entries_ - 1) / entries_; }
  bool is_whole(uint64_t block) const { return block < blocks_ && !open_.contains(block); }
  bool any_whole() const { return blocks_ > open_.size(); }

  void Count(const Span& span);
  void BeginUpTo(uint64_t number);
  void AddWhole(uint64_t block, uint64_t blocks);
  void AddTo(uint64_t block, uint64_t count);
  void Coarsen();
  void Mark(const Span& span);
  void AllReached();

  void TellPasses(CoverageResult& result) const;

  const bool in_passes_;  // not in random order
  const uint64_t entries_;
  const Sequence sequence_;

  std::vector<bool> reached_;  // by entry; empty when all are
  uint64_t distinct_ = 0;
  uint64_t held_ = 0;  // numbers
  uint64_t end_ = 0;   // one after the largest of them

  // Passes in blocks of 1, 2, 4, …: how many numbers of a block are held. Of those below blocks_,
  // the ones that are not in here are whole; none from there on has begun.
  uint64_t block_passes_ = 1;
  uint64_t blocks_ = 0;
  std::map<uint64_t, uint64_t> open_;
};

}  // namespace squall
