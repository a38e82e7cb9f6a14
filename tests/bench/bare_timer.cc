// The bare timer loop: how late this machine is for a schedule at best.
//
//   bare_timer RATE SECONDS [timerfd|spin|poll]
//
// Waits for start + n / RATE, n = 0, 1, 2, …, and does nothing else: by a timer on absolute times
// (timerfd), by that and then awake for the last 50 us (spin), or as an event loop does whose
// time-outs are milliseconds (poll). Prints one line of JSON: how many there were, how late it was
// for them and its own CPU time, in nanoseconds.
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <poll.h>
#include <string_view>
#include <unistd.h>

#include <sys/timerfd.h>

#include "common/clock.h"
#include "common/histogram.h"
#include "common/output.h"

namespace squall::bench {
namespace {

constexpr Nanos kSpin = 50'000;

Nanos CpuTimeNow() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

// Sleeps until `due` on the steady clock; not at all if that has passed. Each says false, with
// errno set, when it cannot.
bool WaitByTimer(int timer, Nanos due) {
  if (SteadyNow() >= due) return true;
  itimerspec when{};
  when.it_value = {.tv_sec = due / kSecond, .tv_nsec = due % kSecond};
  uint64_t expirations = 0;
  return timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, nullptr) == 0 &&
         read(timer, &expirations, sizeof(expirations)) == sizeof(expirations);
}

bool WaitSpinning(int timer, Nanos due) {
  if (!WaitByTimer(timer, due - kSpin)) return false;
  while (SteadyNow() < due) continue;
  return true;
}

bool WaitByPoll(int, Nanos due) {
  for (Nanos left = due - SteadyNow(); left > 0; left = due - SteadyNow()) {
    const Nanos milliseconds = (left + kMillisecond - 1) / kMillisecond;
    if (poll(nullptr, 0, static_cast<int>(milliseconds)) < 0) return false;
  }
  return true;
}

int Main(int count, char** arguments) {
  const double rate = count >= 3 ? std::atof(arguments[1]) : 0;
  const double seconds = count >= 3 ? std::atof(arguments[2]) : 0;
  const std::string_view way = count == 4 ? arguments[3] : "timerfd";
  const auto wait = way == "timerfd" ? &WaitByTimer
                    : way == "spin"  ? &WaitSpinning
                    : way == "poll"  ? &WaitByPoll
                                     : nullptr;
  if (rate <= 0 || seconds <= 0 || count > 4 || wait == nullptr) {
    Print(stderr, "usage: bare_timer RATE SECONDS [timerfd|spin|poll]\n");
    return 2;
  }
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  const auto fires = static_cast<uint64_t>(rate * seconds);
  const Nanos start = SteadyNow();
  Histogram lateness;
  for (uint64_t n = 0; n < fires; ++n) {
    const Nanos due =
        start + static_cast<Nanos>(std::floor(static_cast<double>(n) * kSecond / rate));
    if (!wait(timer, due)) {
      Print(stderr, "bare_timer: {}\n", std::strerror(errno));
      return 1;
    }
    const Nanos late = SteadyNow() - due;
    lateness.Record(late > 0 ? static_cast<uint64_t>(late) : 0);
  }
  Print(stdout,
        R"({{"count":{},"p50_ns":{},"p99_ns":{},"max_ns":{},"cpu_ns":{}}})"
        "\n",
        lateness.count(), lateness.Quantile(0.5), lateness.Quantile(0.99), lateness.max(),
        CpuTimeNow());
  return 0;
}

}  // namespace
}  // namespace squall::bench

int main(int count, char** arguments) { return squall::bench::Main(count, arguments); }
