#include "controller/parallelism.h"

#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr Nanos kZero = 100 * kSecond;

Flight FullFlight(Nanos begin, Nanos end, uint32_t count) {
  Flight flight;
  flight.begin = kZero + begin;
  flight.end = kZero + end;
  flight.area = (end - begin) * count;
  flight.steady_area = flight.area;
  flight.steady_asked = flight.area;
  flight.steady_least = flight.least = flight.most = count;
  flight.full_since = kZero;
  flight.full_until = kZero + end;
  return flight;
}

TEST(ParallelismTest, AgentsAddUp) {
  ParallelismRecord record(kSecond);
  for (Nanos second = 0; second < 4; ++second) {
    for (size_t agent = 0; agent < 2; ++agent) {
      // The clocks differ by an hour; so do the intervals, by half a second.
      const Nanos zero = static_cast<Nanos>(agent) * 3600 * kSecond;
      const Nanos shift = second == 0 || agent == 0 ? 0 : kSecond / 2;
      Flight flight = FullFlight(second * kSecond + shift,
                                 (second + 1) * kSecond + (agent == 0 ? 0 : kSecond / 2), 10);
      flight.begin += zero;
      flight.end += zero;
      flight.full_since += zero;
      flight.full_until += zero;
      record.Add(agent, flight, kZero + zero, true);
      record.AddService(agent, static_cast<double>(flight.area));
    }
  }
  const Parallelism found = record.Finish(
      20, 4 * kSecond,
      {{.name = "one", .asked = 10, .clock_error = kMillisecond}, {.name = "two", .asked = 10}});
  EXPECT_NEAR(found.mean, (40 + 45) / 4.0, 1e-9);
  EXPECT_NEAR(found.error, 10 * 2 * 0.001 / 4, 1e-9);
  ASSERT_TRUE(found.littles_law_error);
  EXPECT_EQ(*found.littles_law_error, 0);
  ASSERT_TRUE(found.steady);
  EXPECT_NEAR(found.steady->mean, 20, 1e-9);
  EXPECT_NEAR(found.min, 20, 1e-9);
  EXPECT_NEAR(found.max, 20, 1e-9);
  ASSERT_EQ(found.series.size(), 4u);
  for (const ParallelismPoint& point : found.series) {
    EXPECT_NEAR(point.mean, 20, 1e-9);
    EXPECT_EQ(point.least, 20u);
    EXPECT_EQ(point.most, 20u);
  }
}

TEST(ParallelismTest, BooksThatDoNotBalanceAreTold) {
  ParallelismRecord record(kSecond);
  record.Add(0, FullFlight(0, kSecond, 10), kZero, true);
  record.AddService(0, 9.5e9);
  const Parallelism found = record.Finish(10, kSecond, {{.name = "one", .asked = 10}});
  ASSERT_TRUE(found.littles_law_error);
  EXPECT_GT(*found.littles_law_error, kMostLittlesLawError);
}

TEST(ParallelismTest, WhatALostAgentHadAfterItsLastWordIsAnError) {
  ParallelismRecord record(kSecond);
  record.Add(0, FullFlight(0, 4 * kSecond, 10), kZero, true);
  record.Add(1, FullFlight(0, 2 * kSecond, 10), kZero, true);
  const Parallelism found =
      record.Finish(20, 4 * kSecond,
                    {{.name = "one", .asked = 10},
                     {.name = "lost", .asked = 10, .told_all = false, .fence = 3 * kSecond}});
  EXPECT_NEAR(found.mean, 15, 1e-9);
  EXPECT_NEAR(found.error, 10 / 4.0, 1e-9);
}

TEST(FlightSeriesTest, LongRunsHaveLongerSlots) {
  FlightSeries series(kSecond);
  const Nanos seconds = 5000;
  for (Nanos second = 0; second < seconds; ++second) {
    series.Add(0, second * kSecond, (second + 1) * kSecond, 7e9, 6, 8);
  }
  EXPECT_LE(series.slots().size(), FlightSeries::kMostSlots);
  double area = 0;
  for (const FlightSeries::Slot& slot : series.slots()) {
    area += slot.area;
    EXPECT_EQ(slot.least, 6u);
    EXPECT_EQ(slot.most, 8u);
  }
  EXPECT_NEAR(area, 7e9 * seconds, 1);
}

}  // namespace
}  // namespace squall
