#include "agent/policy_watch.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/rate_cap.h"

namespace squall {
namespace {

using ::testing::HasSubstr;

v1::Plan PlanOf(Nanos duration) {
  v1::Plan plan;
  plan.add_phases()->set_measured(true);
  plan.mutable_phases(0)->set_duration_ns(duration);
  return plan;
}

v1::Metrics Bytes(uint64_t received, uint64_t sent) {
  v1::Metrics metrics;
  metrics.set_bytes_received(received);
  metrics.set_bytes_sent(sent);
  return metrics;
}

TEST(PolicyWatch, ARunThatDoesNotEndByItself) {
  Policy::Limits limits;
  limits.duration_ns = {60 * static_cast<uint64_t>(kSecond), "a.yaml:3"};
  const Nanos now = SteadyNow();
  PolicyWatch watch(limits);
  EXPECT_EQ(watch.end(), kForever);
  watch.Begin(PlanOf(0), now);
  EXPECT_EQ(watch.end(), now + 60 * kSecond);
  EXPECT_TRUE(watch.Check(now + 59 * kSecond).ok());
  EXPECT_EQ(watch.Check(now + 60 * kSecond).message(),
            "works 1m on a run at most, and this one has not come to its end: max_duration "
            "(a.yaml:3)");

  PolicyWatch with_end(limits);
  with_end.Begin(PlanOf(kSecond), now);
  EXPECT_EQ(with_end.end(), now + 120 * kSecond) << "its requests may still drain";

  PolicyWatch without_limit;
  without_limit.Begin(PlanOf(0), now);
  EXPECT_EQ(without_limit.end(), kForever);
}

TEST(PolicyWatch, BytesPerSecond) {
  Policy::Limits limits;
  limits.bytes_per_second = {1000, "a.yaml:4"};
  const Nanos start = SteadyNow() + kSecond;
  PolicyWatch watch(limits);
  EXPECT_EQ(watch.interval(), kSecond);
  EXPECT_EQ(PolicyWatch().interval(), kForever);
  watch.Begin(PlanOf(0), start);
  watch.Add(Bytes(900, 100));
  EXPECT_TRUE(watch.Check(start + kSecond / 2).ok()) << "too early to tell";
  EXPECT_TRUE(watch.Check(start + kSecond).ok()) << "as many as may be";
  watch.Add(Bytes(2000, 500));
  EXPECT_TRUE(watch.Check(start + 4 * kSecond).ok()) << "in three seconds";
  watch.Add(Bytes(1001, 0));
  EXPECT_THAT(std::string(watch.Check(start + 5 * kSecond).message()),
              HasSubstr("moves at most 1000 bytes per second, and this run has moved 1001 in 1 s: "
                        "max_bytes_per_second (a.yaml:4)"));
}

TEST(RateCap, LetsABurstOfASecondThroughAndThenTheRate) {
  RateCap cap(100'000'000'000);  // 100 a second
  Nanos last = 0;
  int at_once = 0;
  for (int i = 0; i < 500; ++i) {
    const Nanos at = cap.EarliestFrom(0);
    EXPECT_GE(at, last);
    if (at == 0) ++at_once;
    cap.Take(last = at);
  }
  EXPECT_EQ(at_once, 101);
  EXPECT_EQ(last, 399 * kSecond / 100);
}

TEST(RateCap, LeavesAloneWhatKeepsToIt) {
  RateCap cap(100'000'000'000);
  for (int i = 0; i < 1000; ++i) {
    const Nanos due = i * kSecond / 100;
    EXPECT_EQ(cap.EarliestFrom(due), due);
    cap.Take(due);
  }
  RateCap none(0);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(none.EarliestFrom(7), 7);
    none.Take(7);
  }
}

}  // namespace
}  // namespace squall
