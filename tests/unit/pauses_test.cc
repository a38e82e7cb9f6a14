#include "controller/pauses.h"

#include <gtest/gtest.h>

#include "common/clock.h"

namespace squall {
namespace {

// Has heard all at `now`, and pauses if it may. Returns when it goes on.
Nanos PauseAt(Pauses& pauses, Nanos now) {
  pauses.AllHeard(now);
  const Nanos pause = pauses.Next(now);
  if (pause > 0) pauses.Woke(now + pause);
  return now + pause;
}

TEST(PausesTest, OnlyOnceAllIsHeard) {
  Pauses pauses;
  EXPECT_EQ(pauses.Next(kSecond), 0);
  pauses.AllHeard(kSecond);
  EXPECT_EQ(pauses.Next(kSecond), Pauses::kPause);
  EXPECT_EQ(pauses.Next(kSecond), 0);
}

TEST(PausesTest, AfterEachCatchingUpThatIsQuick) {
  Pauses pauses;
  Nanos now = kSecond;
  for (int turn = 0; turn < 10; ++turn) {
    const Nanos woke = PauseAt(pauses, now);
    EXPECT_EQ(woke - now, Pauses::kPause) << turn;
    now = woke + Pauses::kMostCatchUp;
  }
}

TEST(PausesTest, NoneForAWhileAfterOneThatTookLongToCatchUpWith) {
  Pauses pauses;
  const Nanos now = PauseAt(pauses, kSecond) + Pauses::kMostCatchUp + 1;
  EXPECT_EQ(PauseAt(pauses, now), now);
  EXPECT_TRUE(pauses.Held(now));
  const Nanos then = now + Pauses::kApart;
  EXPECT_EQ(PauseAt(pauses, then - 1), then - 1);
  EXPECT_FALSE(pauses.Held(then));
  EXPECT_EQ(PauseAt(pauses, then), then + Pauses::kPause);
}

// Nothing had come that it would have to catch up with.
TEST(PausesTest, SilenceBehindAPauseHoldsNothingUp) {
  Pauses pauses;
  Nanos now = PauseAt(pauses, kSecond);
  pauses.AllHeard(now + 1);
  now += kSecond;
  EXPECT_EQ(PauseAt(pauses, now), now + Pauses::kPause);
}

TEST(PausesTest, NoneBeginsBeforeATimeThatWasSaid) {
  Pauses pauses;
  const Nanos until = PauseAt(pauses, kSecond) + kSecond;
  pauses.HoldUntil(until);
  pauses.HoldUntil(until - 1);
  EXPECT_EQ(PauseAt(pauses, until - 1), until - 1);
  // Nor was the time until then one of catching up.
  EXPECT_EQ(PauseAt(pauses, until), until + Pauses::kPause);
}

}  // namespace
}  // namespace squall
