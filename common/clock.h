// The one clock of everything measured: steady, in nanoseconds, of this machine alone. It counts
// the time for which the machine is suspended (docs/adr/0004).
#pragma once

#include <cstdint>
#include <ctime>
#include <limits>

namespace squall {

// A point on this machine's steady clock, or a length of time. Nanoseconds.
using Nanos = int64_t;

inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;
inline constexpr Nanos kForever = std::numeric_limits<Nanos>::max();

#if defined(__linux__) && !defined(SQUALL_PORTABLE)
inline constexpr clockid_t kSteadyClock = CLOCK_BOOTTIME;
#else
// macOS: mach_continuous_time(). On Linux it does not count suspend.
inline constexpr clockid_t kSteadyClock = CLOCK_MONOTONIC_RAW;
#endif

inline Nanos SteadyNow() noexcept {
  timespec now{};
  clock_gettime(kSteadyClock, &now);
  return Nanos{now.tv_sec} * kSecond + now.tv_nsec;
}

}  // namespace squall
