#include "agent/worker_pulse.h"

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(WorkerPulseTest, OnlyRealLatenessCounts) {
  WorkerPulse pulse;
  EXPECT_EQ(pulse.thread(), 0);
  pulse.Begin(17);
  EXPECT_EQ(pulse.thread(), 17);
  struct Case {
    const char* name;
    Nanos late;
    Nanos sum;
  };
  const Nanos tolerance = WorkerPulse::kTolerance;
  const Case kCases[] = {
      {"in time", 0, 0},
      {"early", -kSecond, 0},
      {"as late as it may be", tolerance, 0},
      {"late", tolerance + 1, tolerance + 1},
      {"stopped for long", 3 * kSecond, 3 * kSecond + tolerance + 1},
      {"in time again", 1, 3 * kSecond + tolerance + 1},
  };
  for (const Case& test : kCases) {
    pulse.Beat(test.late);
    EXPECT_EQ(pulse.late(), test.sum) << test.name;
  }
}

}  // namespace
}  // namespace squall
