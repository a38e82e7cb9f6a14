#include "common/schedule.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/protocol.h"

namespace squall {
namespace {

constexpr uint64_t kUnit = 1'000'000'000;   // of rate_nano: one request per second
constexpr uint64_t kOdd = 333'300'000'000;  // 333.3 a second
constexpr uint64_t kBlock = 1024;           // numbers of a Poisson block
constexpr v1::ArrivalProcess kProcesses[] = {v1::ARRIVAL_PROCESS_CONSTANT,
                                             v1::ARRIVAL_PROCESS_POISSON};

Schedule Make(v1::ArrivalProcess process, uint64_t rate_nano, uint64_t seed = 1) {
  v1::Arrivals arrivals;
  arrivals.set_process(process);
  arrivals.set_rate_nano(rate_nano);
  return {arrivals, seed};
}

Schedule Constant(uint64_t rate_nano) { return Make(v1::ARRIVAL_PROCESS_CONSTANT, rate_nano); }

Schedule Poisson(uint64_t rate_nano, uint64_t seed = 1) {
  return Make(v1::ARRIVAL_PROCESS_POISSON, rate_nano, seed);
}

TEST(Schedule, ConstantTimes) {
  const struct {
    std::string name;
    uint64_t rate_nano, n;
    Nanos want;
  } kCases[] = {
      {"the first", kUnit, 0, 0},
      {"1/s", kUnit, 1, kSecond},
      {"1/s, a year", kUnit, 31'536'000, 31'536'000 * kSecond},
      {"333.3/s", kOdd, 1, 3'000'300},                  // 3,000,300.03
      {"333.3/s, rounded down", kOdd, 33, 99'009'900},  // 99,009,900.99
      {"333.3/s, whole again", kOdd, 3'333, 10 * kSecond},
      {"333.3/s, far, whole again", kOdd, 3'333 * kUnit / 10, kSecond * kSecond},
      {"3/s", 3 * kUnit, 1, 333'333'333},
      {"3/s, far", 3 * kUnit, 3'000'000'001, 1'000'000'000 * kSecond + 333'333'333},
      {"10^9/s", kMaxRateNano, 12'345, 12'345},
      {"10^9/s, the last", kMaxRateNano, kMaxRequests - 1, (Nanos{1} << 62) - 1},
      {"just below 10^9/s", kMaxRateNano - 1, 999'999'999'999'999'999, kSecond * kSecond},
      {"0.001/s", kUnit / 1'000, 7, 7'000 * kSecond},
      {"0.001/s, 10,000 h", kUnit / 1'000, 36'000, kMaxDurationNs},
      {"one in 31 years", 1, 1, kSecond * kSecond},
      {"beyond all time", 1, 10, kForever},
      {"far beyond all time", 1, UINT64_MAX, kForever},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Constant(c.rate_nano).TimeOf(c.n), c.want) << c.name;
  }
}

TEST(Schedule, ConstantCounts) {
  const struct {
    std::string name;
    uint64_t rate_nano;
    Nanos t;
    uint64_t want;
  } kCases[] = {
      {"before the beginning", kUnit, -5, 0},
      {"at the beginning", kUnit, 0, 0},
      {"at once", kUnit, 1, 1},
      {"1/s, on the second", kUnit, 30 * kSecond, 30},
      {"1/s, just after", kUnit, 30 * kSecond + 1, 31},
      {"333.3/s for 30 s", kOdd, 30 * kSecond, 9'999},
      {"10,000/s for 30 s", 10'000 * kUnit, 30 * kSecond, 300'000},
      {"10^9/s, the longest", kMaxRateNano, kMaxDurationNs, 36'000'000'000'000'000},
      {"10^9/s, all time", kMaxRateNano, kForever, INT64_MAX},
      {"0.001/s for 1 h", kUnit / 1'000, 3'600 * kSecond, 4},
      {"one in 31 years, all time", 1, kForever, 10},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Constant(c.rate_nano).CountBefore(c.t), c.want) << c.name;
  }
}

TEST(Schedule, TimesRise) {
  for (const v1::ArrivalProcess process : kProcesses) {
    for (const uint64_t rate_nano : {uint64_t{1}, kOdd, 999 * kUnit, kMaxRateNano}) {
      Schedule schedule = Make(process, rate_nano);
      for (const uint64_t first : {uint64_t{0}, uint64_t{1} << 40, kMaxRequests - 5'000}) {
        Nanos before = first == 0 ? 0 : schedule.TimeOf(first - 1);
        for (uint64_t n = first; n < first + 5'000; ++n) {
          const Nanos time = schedule.TimeOf(n);
          ASSERT_GE(time, before) << process << " " << rate_nano << " " << n;
          before = time;
        }
      }
    }
  }
}

// TimeOf(CountBefore(t) - 1) < t <= TimeOf(CountBefore(t)), at random times and at those where
// something is due.
TEST(Schedule, CountsAreTheInverseOfTimes) {
  std::mt19937_64 random(7);
  for (const v1::ArrivalProcess process : kProcesses) {
    for (const uint64_t rate_nano :
         {uint64_t{1}, kUnit / 1'000, kUnit, kOdd, uint64_t{123'456'789'012'345}, kMaxRateNano - 1,
          kMaxRateNano}) {
      Schedule schedule = Make(process, rate_nano);
      const auto check = [&](Nanos t) {
        const uint64_t count = schedule.CountBefore(t);
        ASSERT_LE(t, schedule.TimeOf(count)) << process << " " << rate_nano << " " << t;
        if (count == 0) return;
        ASSERT_LT(schedule.TimeOf(count - 1), t) << process << " " << rate_nano << " " << t;
      };
      for (int i = 0; i < 500; ++i) {
        const Nanos t = static_cast<Nanos>(random() % kMaxDurationNs) >> (random() % 50);
        check(t);
        const Nanos due = schedule.TimeOf(schedule.CountBefore(t));
        if (due == kForever) continue;
        check(due);
        check(due + 1);
      }
      check(kMaxDurationNs);
      check(kForever);
    }
  }
}

TEST(Schedule, PoissonBlocksComeInAnyOrder) {
  constexpr uint64_t kFar = uint64_t{1} << 50;
  std::vector<uint64_t> numbers;
  for (uint64_t n = 0; n < 5 * kBlock; n += 7) numbers.insert(numbers.end(), {n, kFar + n});
  std::sort(numbers.begin(), numbers.end());
  Schedule schedule = Poisson(1'000 * kUnit);
  std::vector<Nanos> forward, backward;
  for (const uint64_t n : numbers) forward.push_back(schedule.TimeOf(n));
  std::reverse(numbers.begin(), numbers.end());
  for (const uint64_t n : numbers) backward.push_back(Schedule(schedule).TimeOf(n));
  std::reverse(backward.begin(), backward.end());
  EXPECT_EQ(forward, backward);
}

// The same run must keep the same times with another build of squall: these never change.
TEST(Schedule, PoissonKnownValues) {
  const struct {
    std::string name;
    uint64_t rate_nano, seed, n;
    Nanos want;
  } kCases[] = {
      {"the first", 1'000 * kUnit, 1, 0, 990'332},
      {"the last of a block", 1'000 * kUnit, 1, 1'023, 1'022'046'721},
      {"the next block", 1'000 * kUnit, 1, 1'024, 1'026'035'594},
      {"another seed", 1'000 * kUnit, 2, 0, 1'834'410},
      {"a fraction", kOdd, 42, 1'000'000, 3'000'331'156'437},
      {"0.001/s", kUnit / 1'000, 42, 9, 6'583'060'047'158},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Poisson(c.rate_nano, c.seed).TimeOf(c.n), c.want) << c.name;
  }
}

TEST(Schedule, PoissonSeedsAndBlocksDiffer) {
  std::set<std::vector<Nanos>> seen;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Schedule schedule = Poisson(kUnit, seed);
    for (uint64_t block = 0; block < 20; ++block) {
      std::vector<Nanos> times;
      for (uint64_t i = 0; i < kBlock; ++i) {
        times.push_back(schedule.TimeOf(block * kBlock + i) -
                        static_cast<Nanos>(block * kBlock) * kSecond);
      }
      ASSERT_TRUE(seen.insert(times).second) << seed << " " << block;
    }
  }
}

TEST(Schedule, PoissonKeepsTheRateInEveryBlock) {
  for (const uint64_t rate_nano : {kUnit / 1'000, kOdd, 10'000 * kUnit, kMaxRateNano}) {
    Schedule schedule = Poisson(rate_nano);
    Schedule even = Constant(rate_nano);
    for (uint64_t block = 0; block < 100; ++block) {
      const uint64_t first = block * kBlock;
      EXPECT_GE(schedule.TimeOf(first), even.TimeOf(first)) << rate_nano << " " << block;
      EXPECT_LE(schedule.TimeOf(first + kBlock - 1), even.TimeOf(first + kBlock))
          << rate_nano << " " << block;
      EXPECT_EQ(schedule.CountBefore(even.TimeOf(first)), first) << rate_nano << " " << block;
    }
  }
}

constexpr size_t kGaps = 100'000;

// Kolmogorov and Smirnov: how far the gaps, over their mean, are from the exponential distribution,
// times the root of their number. At most kCritical in 99 of 100 true samples.
constexpr double kCritical = 1.628;

double DistanceFromExponential(std::vector<double> gaps) {
  std::sort(gaps.begin(), gaps.end());
  double sum = 0;
  for (const double gap : gaps) sum += gap;
  const auto count = static_cast<double>(gaps.size());
  double distance = 0;
  for (size_t i = 0; i < gaps.size(); ++i) {
    const double expected = 1 - std::exp(-gaps[i] * count / sum);
    const auto below = static_cast<double>(i);
    distance = std::max({distance, expected - below / count, (below + 1) / count - expected});
  }
  return distance * std::sqrt(count);
}

std::vector<double> GapsOf(Schedule& schedule, uint64_t first) {
  std::vector<double> gaps;
  for (uint64_t n = first; gaps.size() < kGaps; ++n) {
    gaps.push_back(static_cast<double>(schedule.TimeOf(n + 1) - schedule.TimeOf(n)));
  }
  return gaps;
}

TEST(Schedule, PoissonGapsAreExponential) {
  for (const uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
    Schedule schedule = Poisson(1'000 * kUnit, seed);
    EXPECT_LT(DistanceFromExponential(GapsOf(schedule, 0)), kCritical) << seed;
    EXPECT_LT(DistanceFromExponential(GapsOf(schedule, uint64_t{1} << 40)), kCritical) << seed;
  }
}

// The test above can fail.
TEST(Schedule, OtherGapsAreNotExponential) {
  std::mt19937_64 random(1);
  const auto gaps = [&random](const std::function<double(std::mt19937_64&)>& draw) {
    std::vector<double> drawn(kGaps);
    for (double& gap : drawn) gap = draw(random);
    return drawn;
  };
  std::uniform_real_distribution<double> uniform(0, 2);
  std::gamma_distribution<double> nearly(1.05, 1 / 1.05);
  std::exponential_distribution<double> exponential(1);
  Schedule constant = Constant(1'000 * kUnit);
  EXPECT_GT(DistanceFromExponential(GapsOf(constant, 0)), kCritical);
  EXPECT_GT(DistanceFromExponential(gaps(uniform)), kCritical);
  EXPECT_GT(DistanceFromExponential(gaps(nearly)), kCritical);
  EXPECT_LT(DistanceFromExponential(gaps(exponential)), kCritical);
}

// Gaps that are right one by one might still come in a wrong order: counts in stretches of ten mean
// gaps vary as those of a Poisson process do, by as much as their mean.
TEST(Schedule, PoissonCountsVaryAsTheyShould) {
  constexpr int kStretches = 20'000;
  constexpr Nanos kStretch = 10 * kMillisecond;
  for (const uint64_t seed : {1u, 2u, 3u}) {
    Schedule schedule = Poisson(1'000 * kUnit, seed);
    double squares = 0;
    for (int i = 0; i < kStretches; ++i) {
      const auto count = static_cast<double>(schedule.CountBefore((i + 1) * kStretch) -
                                             schedule.CountBefore(i * kStretch));
      squares += (count - 10) * (count - 10);
    }
    // 1 % less, as the count of a block is fixed; the standard deviation is sqrt(2 / kStretches).
    EXPECT_NEAR(squares / kStretches / 10, 0.99, 0.05) << seed;
  }
}

}  // namespace
}  // namespace squall
