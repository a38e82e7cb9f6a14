// The bare timerfd loop: how late this machine is for a schedule at best.
//
//   bare_timer RATE SECONDS
//
// Waits for start + n / RATE, n = 0, 1, 2, …, by a timer on absolute times, and does nothing else.
// Prints one line of JSON: how many there were and how late it was for them, in nanoseconds.
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include <sys/timerfd.h>

#include "common/clock.h"
#include "common/histogram.h"
#include "common/output.h"

namespace squall::bench {
namespace {

// Sleeps until `due` on the steady clock; not at all if that has passed.
bool WaitUntil(int timer, Nanos due) {
  itimerspec when{};
  when.it_value = {.tv_sec = due / kSecond, .tv_nsec = due % kSecond};
  uint64_t expirations = 0;
  return timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, nullptr) == 0 &&
         read(timer, &expirations, sizeof(expirations)) == sizeof(expirations);
}

int Main(int count, char** arguments) {
  const double rate = count == 3 ? std::atof(arguments[1]) : 0;
  const double seconds = count == 3 ? std::atof(arguments[2]) : 0;
  if (rate <= 0 || seconds <= 0) {
    Print(stderr, "usage: bare_timer RATE SECONDS\n");
    return 2;
  }
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  const auto fires = static_cast<uint64_t>(rate * seconds);
  const Nanos start = SteadyNow();
  Histogram lateness;
  for (uint64_t n = 0; n < fires; ++n) {
    const Nanos due =
        start + static_cast<Nanos>(std::floor(static_cast<double>(n) * kSecond / rate));
    if (SteadyNow() < due && !WaitUntil(timer, due)) {
      Print(stderr, "bare_timer: {}\n", std::strerror(errno));
      return 1;
    }
    const Nanos late = SteadyNow() - due;
    lateness.Record(late > 0 ? static_cast<uint64_t>(late) : 0);
  }
  Print(stdout,
        R"({{"count":{},"p50_ns":{},"p99_ns":{},"max_ns":{}}})"
        "\n",
        lateness.count(), lateness.Quantile(0.5), lateness.Quantile(0.99), lateness.max());
  return 0;
}

}  // namespace
}  // namespace squall::bench

int main(int count, char** arguments) { return squall::bench::Main(count, arguments); }
