// The one clock of everything measured: steady, in nanoseconds, of this machine alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace squall {

// A point on this machine's steady clock, or a length of time. Nanoseconds.
using Nanos = int64_t;

inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;
inline constexpr Nanos kForever = std::numeric_limits<Nanos>::max();

inline Nanos SteadyNow() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace squall
