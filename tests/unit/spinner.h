// Ways to use a processor, for tests of who tells so. Linux.
#pragma once

#ifdef __linux__
#include <ctime>
#include <sched.h>

#include <gtest/gtest.h>

#include "common/clock.h"

namespace squall {

// That this thread has used.
inline Nanos ThreadCpu() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

// Until `over`, or for ten seconds; what it used.
template <typename Over>
Nanos Spin(Over over) {
  const Nanos before = ThreadCpu();
  const Nanos deadline = SteadyNow() + 10 * kSecond;
  while (!over() && SteadyNow() < deadline) {
  }
  return ThreadCpu() - before;
}

// While it lives, this thread, and what it starts, has one core to share.
class OnOneCore {
 public:
  OnOneCore() {
    EXPECT_EQ(sched_getaffinity(0, sizeof(before_), &before_), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(sched_getcpu()), &one);
    EXPECT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  }
  ~OnOneCore() { sched_setaffinity(0, sizeof(before_), &before_); }
  OnOneCore(const OnOneCore&) = delete;
  OnOneCore& operator=(const OnOneCore&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace squall
#endif
