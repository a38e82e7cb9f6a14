#include "agent/slots.h"

#include <set>

#include <gtest/gtest.h>

namespace squall {
namespace {

std::set<uint32_t> TakeAll(Slots& slots) {
  std::set<uint32_t> taken;
  while (slots.room() != 0) taken.insert(slots.Take({}));
  return taken;
}

TEST(Slots, AreTakenUpToTheLimit) {
  Slots slots(3);
  EXPECT_EQ(TakeAll(slots), (std::set<uint32_t>{0, 1, 2}));
  EXPECT_EQ(slots.in_flight(), 3u);
  slots.Free(1);
  EXPECT_EQ(slots.room(), 1u);
  EXPECT_EQ(slots.Take({.number = 7}), 1u);
  EXPECT_EQ(slots.SampleOf(1).number, 7u);
}

TEST(Slots, NoneIsTakenWhileMoreAreInFlightThanTheLimit) {
  Slots slots(5);
  TakeAll(slots);
  slots.SetLimit(2);
  slots.Free(0);
  slots.Free(3);
  EXPECT_EQ(slots.room(), 0u) << "3 are in flight";
  slots.Free(4);
  EXPECT_EQ(slots.room(), 0u) << "2 are in flight";
  slots.Free(2);
  EXPECT_EQ(TakeAll(slots), (std::set<uint32_t>{0})) << "1 is in flight still";
  slots.Free(1);
  slots.Free(0);
  EXPECT_EQ(TakeAll(slots), (std::set<uint32_t>{0, 1})) << "none above the limit";
}

TEST(Slots, ComeBackOnceEach) {
  Slots slots(4);
  slots.Take({});
  slots.Take({});
  slots.Take({});  // 0, 1, 2
  slots.SetLimit(1);
  slots.SetLimit(4);
  EXPECT_EQ(slots.room(), 1u);
  EXPECT_EQ(TakeAll(slots), (std::set<uint32_t>{3})) << "2 is in flight";
  slots.SetLimit(0);
  for (const uint32_t slot : {2u, 0u, 3u, 1u}) slots.Free(slot);
  EXPECT_EQ(slots.room(), 0u);
  slots.SetLimit(6);
  EXPECT_EQ(TakeAll(slots), (std::set<uint32_t>{0, 1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace squall
