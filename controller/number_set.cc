#include "controller/number_set.h"

#include <algorithm>
#include <iterator>

namespace squall {
namespace {

void Append(std::vector<NumberRun>& runs, NumberRun run) {
  if (!runs.empty() && runs.back().first + runs.back().count == run.first) {
    runs.back().count += run.count;
  } else {
    runs.push_back(run);
  }
}

}  // namespace

void NumberSet::Add(const Span& span) {
  Span rest = span;
  while (known_ && rest.count > 0) {
    const uint64_t block = rest.first / kBlock;
    uint64_t taken = 0;
    if (rest.stride == 1 && rest.first % kBlock == 0 && rest.count >= kBlock) {
      const uint64_t blocks = rest.count / kBlock;
      Fill(block, blocks);
      taken = blocks * kBlock;
    } else {
      const uint64_t room = kBlock - rest.first % kBlock;
      taken = std::min(rest.count, (room + rest.stride - 1) / rest.stride);
      AddWithin(block, {rest.first % kBlock, rest.stride, taken});
    }
    rest.first += taken * rest.stride;
    rest.count -= taken;
  }
}

bool NumberSet::IsFull(uint64_t block) const {
  auto run = full_.upper_bound(block);
  if (run == full_.begin()) return false;
  --run;
  return block - run->first < run->second;
}

void NumberSet::AddWithin(uint64_t block, const Span& part) {
  if (IsFull(block)) return;
  auto found = partial_.find(block);
  if (found == partial_.end()) {
    if (partial_.size() == most_partial_) {
      known_ = false;
      partial_.clear();
      full_.clear();
      return;
    }
    found = partial_.emplace(block, std::make_unique<Block>()).first;
  }
  Block& into = *found->second;
  for (uint64_t i = 0; i < part.count; ++i) {
    auto bit = into.bits[part.first + i * part.stride];
    if (bit) continue;
    bit = true;
    ++into.count;
  }
  if (into.count == kBlock) Fill(block, 1);
}

// Blocks from `block` on, some of which may be full already.
void NumberSet::Fill(uint64_t block, uint64_t count) {
  uint64_t end = block + count;
  partial_.erase(partial_.lower_bound(block), partial_.lower_bound(end));
  // The run that reaches to it, and those that it reaches to.
  auto run = full_.upper_bound(block);
  if (run != full_.begin() && std::prev(run)->first + std::prev(run)->second >= block) --run;
  while (run != full_.end() && run->first <= end) {
    block = std::min(block, run->first);
    end = std::max(end, run->first + run->second);
    run = full_.erase(run);
  }
  full_.emplace(block, end - block);
}

std::optional<std::vector<NumberRun>> NumberSet::Runs(size_t most) const {
  if (!known_) return std::nullopt;
  std::vector<NumberRun> runs;
  auto full = full_.begin();
  const auto append_full_before = [&](uint64_t block) {
    for (; full != full_.end() && full->first < block; ++full) {
      Append(runs, {full->first * kBlock, full->second * kBlock});
    }
  };
  for (const auto& [number, block] : partial_) {
    append_full_before(number);
    for (uint64_t bit = 0; bit < kBlock; ++bit) {
      if (block->bits[bit]) Append(runs, {number * kBlock + bit, 1});
    }
    if (runs.size() > most) return std::nullopt;
  }
  append_full_before(UINT64_MAX);
  if (runs.size() > most) return std::nullopt;
  return runs;
}

}  // namespace squall
