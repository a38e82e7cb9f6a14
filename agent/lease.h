// Until when the workers of a run may send (docs/fleet.md).
//
// Thread-safe. Workers look at it before each request, and it is written about once a second: it
// has a cache line of its own. It only ever rises.
#pragma once

#include <atomic>

#include "common/clock.h"

namespace squall {

class alignas(64) Lease {
 public:
  // `now` on the steady clock.
  bool Holds(Nanos now) const noexcept { return now < until_.load(std::memory_order_relaxed); }

  // Ignores an earlier end than the one it has. True if a worker may have found it over, and is to
  // be woken. Of one thread.
  bool Renew(Nanos until) noexcept {
    // What other threads have seen of clock and lease is much closer to this thread's view.
    constexpr Nanos kMargin = 10 * kMillisecond;
    const Nanos before = until_.load(std::memory_order_relaxed);
    if (until <= before) return false;
    until_.store(until, std::memory_order_relaxed);
    return before - kMargin <= SteadyNow();
  }

 private:
  std::atomic<Nanos> until_{0};  // before the first one nothing is sent
};

}  // namespace squall
