#include "controller/coverage.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace squall {
namespace {

// How often the entries were requested that were least and most often: `whole` passes have each
// once, and `others` requests, not more than one of an entry in each of `open` passes, are spread
// in a way that is not known.
void TellTimes(uint64_t whole, uint64_t others, uint64_t open, CoverageResult& result) {
  const bool all = result.distinct == result.listed;
  const uint64_t least = whole == 0 && all ? 1 : whole;
  if (!all) {
    result.times_least = 0;
  } else if (least == whole + others / result.listed) {
    result.times_least = least;
  }
  const uint64_t most = whole + (others + result.listed - 1) / result.listed;
  if (most == whole + open) result.times_most = most;
}

}  // namespace

Coverage::Coverage(v1::Order order, uint64_t seed, uint64_t entries)
    : in_passes_(order != v1::ORDER_RANDOM),
      entries_(entries),
      sequence_(order, seed, entries),
      reached_(entries) {}

void Coverage::Add(const std::vector<Span>& held) {
  for (const Span& span : held) {
    held_ += span.count;
    end_ = std::max(end_, span.first + (span.count - 1) * span.stride + 1);
    if (in_passes_) Count(span);
  }
  if (distinct_ == entries_) return;
  if (any_whole()) return AllReached();
  for (const Span& span : held) {
    Mark(span);
    if (distinct_ == entries_) return AllReached();
  }
}

void Coverage::Count(const Span& span) {
  uint64_t at = span.first;
  for (uint64_t left = span.count; left != 0;) {
    BeginUpTo(at);
    const uint64_t block = at / block_numbers();
    uint64_t here = 0;
    if (span.stride == 1 && at % block_numbers() == 0 && left >= block_numbers()) {
      here = left - left % block_numbers();
      AddWhole(block, left / block_numbers());
    } else {
      const uint64_t last = (block + 1) * block_numbers() - 1;
      here = std::min(left, (last - at) / span.stride + 1);
      AddTo(block, here);
    }
    at += here * span.stride;
    left -= here;
  }
}

// All blocks before the number's have begun, its own not necessarily; and there is room for it.
void Coverage::BeginUpTo(uint64_t number) {
  const auto missing = [&] {
    const uint64_t block = number / block_numbers();
    return block > blocks_ ? block - blocks_ : 0;
  };
  while (open_.size() + missing() >= kMostOpen) Coarsen();
  const uint64_t block = number / block_numbers();
  for (; blocks_ < block; ++blocks_) open_.emplace_hint(open_.end(), blocks_, 0);
}

void Coverage::AddWhole(uint64_t block, uint64_t blocks) {
  open_.erase(open_.lower_bound(block), open_.lower_bound(block + blocks));
  blocks_ = std::max(blocks_, block + blocks);
}

void Coverage::AddTo(uint64_t block, uint64_t count) {
  if (block == blocks_) {
    open_.emplace_hint(open_.end(), block, 0);
    ++blocks_;
  }
  const auto found = open_.find(block);
  SQUALL_CHECK(found != open_.end() && count <= block_numbers() - found->second);
  found->second += count;
  if (found->second == block_numbers()) open_.erase(found);
}

// Two blocks become one.
void Coverage::Coarsen() {
  std::map<uint64_t, uint64_t> coarser;
  for (const auto& [block, held] : open_) {
    coarser[block / 2] += held + (is_whole(block ^ 1) ? block_numbers() : 0);
  }
  // The last one, if its partner has not begun, is not whole any more.
  if (blocks_ % 2 == 1 && is_whole(blocks_ - 1)) coarser[blocks_ / 2] = block_numbers();
  open_ = std::move(coarser);
  blocks_ = (blocks_ + 1) / 2;
  block_passes_ *= 2;
}

void Coverage::Mark(const Span& span) {
  for (uint64_t i = 0; i < span.count; ++i) {
    auto reached = reached_[sequence_.Index(span.first + i * span.stride)];
    if (reached) continue;
    reached = true;
    if (++distinct_ == entries_) return;
  }
}

void Coverage::AllReached() {
  distinct_ = entries_;
  reached_ = {};
}

void Coverage::TellPasses(CoverageResult& result) const {
  uint64_t whole = (blocks_ - open_.size()) * block_passes_;
  uint64_t begun = 0;  // passes that are not whole
  for (const auto& [block, block_held] : open_) {
    uint64_t pass = block * block_passes_;
    uint64_t held = block_held;
    uint64_t passes = std::min(block_passes_, passes_begun() - pass);
    if (held == end_ - pass * entries_) {  // the last, without gaps
      whole += held / entries_;
      pass += held / entries_;
      held %= entries_;
      if (held == 0) continue;
      passes = 1;
    }
    begun += std::min(passes, held);
    if (result.open_passes.size() < kMostListed || block == open_.rbegin()->first) {
      result.open_passes.push_back({pass, passes, held});
    } else {
      result.more_open_passes += passes;
    }
  }
  result.whole_passes = whole;
  TellTimes(whole, held_ - whole * entries_, begun, result);
}

CoverageResult Coverage::Finish() && {
  CoverageResult result;
  result.listed = entries_;
  result.distinct = distinct_;
  result.reached = std::move(reached_);
  if (in_passes_) {
    TellPasses(result);
  } else {
    TellTimes(0, held_, held_, result);
  }
  return result;
}

}  // namespace squall
