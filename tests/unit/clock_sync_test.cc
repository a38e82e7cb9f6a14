#include "controller/clock_sync.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr Nanos kHour = 3'600 * kSecond;

// An agent whose clock has an offset and a speed, behind a link.
struct Link {
  Nanos offset = 0;
  double ppm = 0;
  std::mt19937_64 random{1};
  Nanos least_way = 50'000;
  Nanos most_way = 2 * kMillisecond;

  Nanos There(Nanos ours) const {
    return ours + offset + static_cast<Nanos>(std::llround(static_cast<double>(ours) * ppm * 1e-6));
  }
  Nanos Way() {
    return least_way + static_cast<Nanos>(random() % static_cast<uint64_t>(most_way - least_way));
  }
  // A round trip that begins then, with an answer that takes its time.
  void Trip(ClockSync& clock, Nanos now) {
    const Nanos at = now + Way();
    const Nanos back = at + static_cast<Nanos>(random() % 300'000);
    EXPECT_TRUE(clock.Add(now, There(at), There(back), back + Way()));
  }
};

TEST(ClockSync, TheTrueOffsetIsNeverOutsideTheError) {
  for (const Nanos offset : {Nanos{0}, kHour, -kHour}) {
    for (const double ppm : {0.0, 30.0, -80.0}) {
      for (uint64_t seed = 0; seed < 20; ++seed) {
        Link link{.offset = offset, .ppm = ppm, .random = std::mt19937_64(seed)};
        ClockSync clock;
        Nanos now = 2 * kHour;
        for (int i = 0; i < 200; ++i, now += kSecond) {
          link.Trip(clock, now);
          for (const Nanos later : {Nanos{0}, kSecond / 2, 30 * kSecond}) {
            const ClockSync::Offset found = clock.At(now + later);
            const Nanos truth = link.There(now + later) - (now + later);
            EXPECT_LE(std::abs(found.offset - truth), found.error)
                << "ppm " << ppm << ", seed " << seed << ", trip " << i;
          }
        }
        EXPECT_LE(clock.At(now).error, 2 * kMillisecond);
        const auto drift = clock.drift();
        ASSERT_TRUE(drift);
        EXPECT_LE(std::abs(drift->ppm - ppm), drift->error_ppm + 0.01);
      }
    }
  }
}

TEST(ClockSync, OneFastRoundTripIsWorthMoreThanManySlowOnes) {
  Link link{.offset = kHour, .least_way = 5 * kMillisecond, .most_way = 50 * kMillisecond};
  ClockSync clock;
  for (int i = 0; i < 10; ++i) link.Trip(clock, kHour + i * 100 * kMillisecond);
  EXPECT_GT(clock.At(kHour + kSecond).error, 3 * kMillisecond);
  link.least_way = 10'000;
  link.most_way = 20'000;
  link.Trip(clock, kHour + kSecond);
  EXPECT_LT(clock.At(kHour + kSecond).error, 30'000);
  EXPECT_LT(clock.fastest(), 50'000);
  EXPECT_GT(clock.slowest(), 10 * kMillisecond);
}

// The answers of a whole day take no more room than those of a minute, and still tell.
TEST(ClockSync, ForgetsWhatItNeedNotKnow) {
  Link link{.offset = -kHour, .ppm = 12};
  ClockSync clock;
  Nanos now = 2 * kHour;
  for (int i = 0; i < 20'000; ++i, now += 5 * kSecond) link.Trip(clock, now);
  const Nanos truth = link.There(now) - now;
  EXPECT_LE(std::abs(clock.At(now).offset - truth), clock.At(now).error);
  EXPECT_LT(clock.At(now).error, 4 * kMillisecond);
  ASSERT_TRUE(clock.drift());
  EXPECT_NEAR(clock.drift()->ppm, 12, 0.1);
}

TEST(ClockSync, AStepOfTheClockIsBelievedWhenItIsNear) {
  Link link{.offset = 0};
  ClockSync clock;
  for (int i = 0; i < 10; ++i) link.Trip(clock, kHour + i * kSecond);
  link.offset = kSecond;  // as no steady clock should
  for (int i = 20; i < 30; ++i) link.Trip(clock, kHour + i * kSecond);
  EXPECT_NEAR(static_cast<double>(clock.At(kHour + 30 * kSecond).offset), 1e9, 1e7);
}

TEST(ClockSync, RefusesTimesThatCannotBe) {
  struct Row {
    const char* name;
    Nanos sent, there, back, received;
  };
  const Row rows[] = {
      {"answered before it was asked", 1000, 5000, 4000, 2000},
      {"back before it was sent", 2000, 5000, 5000, 1000},
      {"longer there than on the way and back", 0, 0, kSecond, kSecond / 2},
      {"negative", 1000, -5, 5, 2000},
      {"beyond all numbers", 1000, INT64_MAX - 1, INT64_MAX, 2000},
  };
  for (const Row& row : rows) {
    ClockSync clock;
    EXPECT_FALSE(clock.Add(row.sent, row.there, row.back, row.received)) << row.name;
    EXPECT_EQ(clock.round_trips(), 0u) << row.name;
  }
  EXPECT_FALSE(ClockSync().drift());
}

TEST(StartSpread, IsFromTheFirstToTheLastWithWhatTheOffsetsLeaveOpen) {
  EXPECT_FALSE(SpreadOf({}));
  EXPECT_FALSE(SpreadOf({{100, 5}}));
  const auto spread = SpreadOf({{1000, 10}, {1400, 20}, {1200, 5}});
  ASSERT_TRUE(spread);
  EXPECT_EQ(spread->spread, 400);
  EXPECT_EQ(spread->error, 30);
  // One that is known badly may be the first as well as the last.
  const auto wide = SpreadOf({{1000, 10}, {1100, 500}});
  ASSERT_TRUE(wide);
  EXPECT_EQ(wide->spread, 100);
  EXPECT_EQ(wide->error, 1600 - 500 - 100 > 100 ? 1600 - 600 - 100 : 100);
}

}  // namespace
}  // namespace squall
