#include "common/list_times.h"

#include <algorithm>

#include "common/list_line.h"

namespace squall {
namespace {

constexpr uint64_t kShortestUs = 1000;

void MergePairs(v1::ListTimes& times) {
  auto& counts = *times.mutable_counts();
  const int pairs = (counts.size() + 1) / 2;
  for (int i = 0; i < pairs; ++i) {
    const uint64_t second = 2 * i + 1 < counts.size() ? counts[2 * i + 1] : 0;
    counts[i] = counts[2 * i] + second;
  }
  counts.Truncate(pairs);
  times.set_width_us(2 * times.width_us());
}

}  // namespace

void AddListTime(uint64_t us, v1::ListTimes& times) {
  if (times.width_us() == 0) times.set_width_us(kShortestUs);
  while (us / times.width_us() >= kMostListStretches) MergePairs(times);
  const auto stretch = static_cast<int>(us / times.width_us());
  if (stretch >= times.counts_size()) times.mutable_counts()->Resize(stretch + 1, 0);
  times.set_counts(stretch, times.counts(stretch) + 1);
  times.set_last_us(us);
}

bool AreListTimes(const v1::ListTimes& times, uint64_t entries) {
  if (times.width_us() < kShortestUs || times.width_us() > kMaxListedUs || times.counts().empty() ||
      times.counts_size() > static_cast<int>(kMostListStretches) ||
      times.last_us() > kMaxListedUs ||
      times.last_us() / times.width_us() + 1 != static_cast<uint64_t>(times.counts_size())) {
    return false;
  }
  uint64_t left = entries;
  for (const uint64_t count : times.counts()) {
    if (count > left) return false;
    left -= count;
  }
  return left == 0 && times.counts().rbegin()[0] != 0;
}

RoughTimes::RoughTimes(const v1::ListTimes& times) : width_us_(times.width_us()) {
  until_.reserve(static_cast<size_t>(times.counts_size()));
  uint64_t sum = 0;
  for (const uint64_t count : times.counts()) until_.push_back(sum += count);
}

uint64_t RoughTimes::At(uint64_t n) const {
  const auto stretch = std::upper_bound(until_.begin(), until_.end(), n);
  if (stretch == until_.end()) return UINT64_MAX;
  return static_cast<uint64_t>(stretch - until_.begin()) * width_us_;
}

uint64_t RoughTimes::CountBefore(uint64_t us, uint64_t /*near*/) const {
  const uint64_t stretches = us / width_us_ + (us % width_us_ == 0 ? 0 : 1);
  if (stretches == 0 || until_.empty()) return 0;
  return until_[std::min<uint64_t>(stretches, until_.size()) - 1];
}

}  // namespace squall
