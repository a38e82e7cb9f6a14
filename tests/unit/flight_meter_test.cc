#include "agent/flight_meter.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(FlightMeterTest, IntegratesWhatIsInFlight) {
  FlightMeter meter(2);
  meter.BeginPhase(100, 0, true);
  meter.Began(110, 1);
  meter.Began(120, 2);
  meter.Ended(150, 1);
  meter.Began(160, 2);
  const Flight first = meter.Take(170, 2);
  EXPECT_EQ(first.begin, 100);
  EXPECT_EQ(first.end, 170);
  EXPECT_EQ(first.area, 10 + 2 * 30 + 10 + 2 * 10);
  EXPECT_EQ(first.ramp_area, 10);
  EXPECT_EQ(first.steady_area, 2 * 30 + 10);
  EXPECT_EQ(first.steady_asked, 2 * 40);
  EXPECT_EQ(first.steady_least, 1u);
  EXPECT_EQ(first.most, 2u);
  EXPECT_EQ(first.full_since, 120);
  EXPECT_EQ(first.full_until, 160);

  meter.Ended(180, 1);
  meter.Ended(200, 0);
  const Flight last = meter.Take(210, 0);
  EXPECT_EQ(last.area, 2 * 10 + 20);
  EXPECT_EQ(last.steady_area, 0);  // it was never full again
  EXPECT_EQ(last.least, 0u);
}

// Whatever happens: areas sum up to the service times, and steady state and ramp-up are what a
// plain integral says.
TEST(FlightMeterTest, AgreesWithAPlainModel) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto upto = [&random](uint32_t most) {
      return std::uniform_int_distribution<uint32_t>(0, most)(random);
    };
    const uint32_t limit = 1 + upto(5);
    FlightMeter meter(limit);
    Nanos now = 1000 + upto(1000);
    meter.BeginPhase(now, 0, true);

    uint32_t in_flight = 0;
    int64_t area = 0;
    int64_t at_first_full = -1;
    int64_t at_last_full = 0;
    Flight sum;
    std::vector<Nanos> starts;
    int64_t service = 0;
    for (int step = 0; step < 100; ++step) {
      const Nanos wait = upto(50);
      now += wait;
      area += static_cast<int64_t>(wait) * in_flight;
      const bool begins = in_flight < limit && (in_flight == 0 || upto(1) == 0);
      if (begins) {
        starts.push_back(now);
        meter.Began(now, ++in_flight);
        if (in_flight == limit) {
          if (at_first_full < 0) at_first_full = area;
          at_last_full = area;
        }
      } else {
        const size_t which = upto(static_cast<uint32_t>(starts.size() - 1));
        service += now - starts[which];
        starts.erase(starts.begin() + static_cast<std::ptrdiff_t>(which));
        meter.Ended(now, --in_flight);
      }
      if (upto(9) == 0) sum.Follow(meter.Take(now, in_flight));
    }
    while (in_flight > 0) {
      service += now - starts.back();
      starts.pop_back();
      meter.Ended(now, --in_flight);
    }
    sum.Follow(meter.Take(now, 0));
    EXPECT_EQ(sum.area, area) << seed;
    EXPECT_EQ(sum.area, service) << seed;
    if (at_first_full < 0) {
      EXPECT_EQ(sum.ramp_area, area) << seed;
      EXPECT_EQ(sum.steady_area, 0) << seed;
    } else {
      EXPECT_EQ(sum.ramp_area, at_first_full) << seed;
      EXPECT_EQ(sum.steady_area, at_last_full - at_first_full) << seed;
    }
  }
}

TEST(FlightMeterTest, APhaseGoesOnWithWhatIsInFlight) {
  FlightMeter meter(3);
  meter.BeginPhase(0 + 1, 0, true);
  for (uint32_t i = 1; i <= 3; ++i) meter.Began(10, i);
  EXPECT_EQ(meter.Take(20, 3).area, 30);
  meter.BeginPhase(20, 3, true);
  const Flight next = meter.Take(30, 3);
  EXPECT_EQ(next.begin, 20);
  EXPECT_EQ(next.area, 30);
  EXPECT_EQ(next.ramp_area, 0);
  EXPECT_EQ(next.full_since, 20);
}

TEST(FlightMeterTest, UnderARateNothingIsSteady) {
  FlightMeter meter(1);
  meter.BeginPhase(10, 0, false);
  meter.Began(20, 1);
  meter.Ended(30, 0);
  const Flight flight = meter.Take(40, 0);
  EXPECT_EQ(flight.area, 10);
  EXPECT_EQ(flight.steady_asked, 0);
  EXPECT_EQ(flight.full_since, 0);
  EXPECT_EQ(flight.least, 0u);
  EXPECT_EQ(flight.most, 1u);
}

TEST(FlightMeterTest, ALimitThatSinksCountsFromThen) {
  FlightMeter meter(2);
  meter.BeginPhase(1, 0, true);
  meter.Began(10, 1);
  meter.Began(10, 2);
  meter.Ended(20, 1);
  meter.Began(20, 2);
  meter.Ended(30, 1);
  meter.SetLimit(30, 1, 1);
  meter.Ended(40, 0);
  meter.Began(40, 1);
  const Flight flight = meter.Take(50, 1);
  EXPECT_EQ(flight.steady_area, 2 * 10 + 2 * 10 + 10);
  EXPECT_EQ(flight.steady_asked, 2 * 10 + 1 * 20);
}

}  // namespace
}  // namespace squall
