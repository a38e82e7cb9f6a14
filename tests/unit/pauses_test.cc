#include "controller/pauses.h"

#include <gtest/gtest.h>

#include "common/clock.h"

namespace squall {
namespace {

// Pauses at `now`, if it may, and has caught up `work` after waking. Returns when.
Nanos PauseAndCatchUp(Pauses& pauses, Nanos now, Nanos work) {
  const Nanos pause = pauses.Next(now);
  if (pause > 0) pauses.Woke(now + pause);
  return now + pause + work;
}

TEST(PausesTest, PausesAfterEachCatchingUpThatIsQuick) {
  Pauses pauses;
  Nanos now = kSecond;
  for (int turn = 0; turn < 10; ++turn) {
    const Nanos after = PauseAndCatchUp(pauses, now, 2 * Pauses::kPause);
    EXPECT_EQ(after - now, 3 * Pauses::kPause) << turn;
    now = after;
  }
}

TEST(PausesTest, GoesWithoutAfterOneThatTookLongToCatchUpWith) {
  Pauses pauses;
  const Nanos now = PauseAndCatchUp(pauses, kSecond, 2 * Pauses::kPause + 1);
  EXPECT_EQ(pauses.Next(now), 0);
  EXPECT_EQ(pauses.Next(now + Pauses::kApart - 1), 0);
  EXPECT_EQ(pauses.Next(now + Pauses::kApart), Pauses::kPause);
}

// Nothing was there to catch up with but what came by itself, however long ago it slept.
TEST(PausesTest, WorkWithoutAPauseBeforeItHoldsNothingUp) {
  Pauses pauses;
  Nanos now = PauseAndCatchUp(pauses, kSecond, kMillisecond);
  EXPECT_EQ(pauses.Next(now), Pauses::kPause);
  now += kSecond;  // it did not sleep
  EXPECT_EQ(pauses.Next(now), Pauses::kPause);
}

}  // namespace
}  // namespace squall
