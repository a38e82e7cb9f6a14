#include "controller/fleet_times.h"

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(FleetTimesTest, ACrowdMayBeSilentForLongerButNotAsLongAsItsLease) {
  for (const Nanos grace : {kSecond, 3 * kSecond, 10 * kSecond, 60 * kSecond}) {
    const FleetTimes times{grace};
    Nanos before = times.interval() * 5 / 2;
    EXPECT_LT(times.silence(1), before + kMillisecond);
    for (const size_t agents : {size_t{1}, size_t{100}, size_t{5000}, size_t{1'000'000}}) {
      EXPECT_GE(times.silence(agents), before) << agents;
      EXPECT_LE(times.silence(agents), times.lease()) << agents;
      before = times.silence(agents);
    }
  }
}

TEST(FleetTimesTest, WhoeverIsHeardAgainInTimeWasNotTakenForLost) {
  for (const Nanos grace : {kSecond, 10 * kSecond, 3600 * kSecond}) {
    const FleetTimes times{grace};
    EXPECT_LT(times.silence(1'000'000), times.grace);
    EXPECT_LE(times.fence(), times.grace * 11 / 20);
    EXPECT_GE(times.lease(), 5 * times.interval());
  }
}

}  // namespace
}  // namespace squall
