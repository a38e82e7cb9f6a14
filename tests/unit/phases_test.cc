#include "common/phases.h"

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(Phases, FollowEachOtherAndTheLastCounts) {
  v1::Plan plan;
  EXPECT_FALSE(MeasuredPhase(plan).measured());
  plan.add_phases()->set_duration_ns(5);
  plan.add_phases()->set_duration_ns(7);
  plan.add_phases()->set_measured(true);
  EXPECT_TRUE(MeasuredPhase(plan).measured());
  EXPECT_EQ(PhaseBegin(plan, 0), 0);
  EXPECT_EQ(PhaseBegin(plan, 1), 5);
  EXPECT_EQ(PhaseBegin(plan, 2), 12);
}

}  // namespace
}  // namespace squall
