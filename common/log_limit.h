// How often something may be logged that others can make happen as often as they like.
//
// Any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/clock.h"
#include "common/mutex.h"

namespace squall {

class LogLimit {
 public:
  // At once so many lines, and then one in each of these times.
  static constexpr Nanos kMost = 10;
  static constexpr Nanos kInterval = 6 * kSecond;

  LogLimit() = default;
  // At once so many lines.
  explicit LogLimit(Nanos most) : most_(most) {}

  // Whether a line may be written at `now`, and if so how many were not since the last one.
  std::optional<uint64_t> Ask(Nanos now) {
    MutexLock lock(mutex_);
    free_at_ = std::max(free_at_, now - (most_ - 1) * kInterval);
    if (free_at_ > now) {
      ++left_out_;
      return std::nullopt;
    }
    free_at_ += kInterval;
    const uint64_t left_out = left_out_;
    left_out_ = 0;
    return left_out;
  }

 private:
  const Nanos most_ = kMost;
  Mutex mutex_;
  Nanos free_at_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace squall
