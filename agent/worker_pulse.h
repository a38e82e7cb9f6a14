// What others may see of a worker's thread while it runs: who it is, and how late it is.
//
// The worker writes, anybody reads.
#pragma once

#include <atomic>
#include <cstdint>

#include "common/clock.h"

namespace squall {

class WorkerPulse {
 public:
  // How often the loop is to wake up for it, and how late it may, without that meaning anything.
  static constexpr Nanos kPeriod = 50 * kMillisecond;
  static constexpr Nanos kTolerance = 2 * kMillisecond;

  // By ThisThreadId().
  void Begin(int64_t thread) { thread_.store(thread, std::memory_order_relaxed); }
  // The loop woke up so late.
  void Beat(Nanos late) {
    if (late > kTolerance)
      late_.store(late_.load(std::memory_order_relaxed) + late, std::memory_order_relaxed);
  }

  int64_t thread() const { return thread_.load(std::memory_order_relaxed); }  // 0: not begun
  Nanos late() const { return late_.load(std::memory_order_relaxed); }        // summed up

 private:
  std::atomic<int64_t> thread_{0};
  std::atomic<Nanos> late_{0};
};

}  // namespace squall
