#include "common/flight.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/protocol.h"

namespace squall {
namespace {

constexpr uint32_t kMostAsked = 100;

Flight One() {
  Flight flight;
  flight.begin = 10 * kSecond;
  flight.end = 12 * kSecond;
  flight.area = 100 * kSecond;
  flight.least = 3;
  flight.most = 60;
  flight.steady_area = 80 * kSecond;
  flight.steady_asked = 90 * kSecond;
  flight.ramp_area = 5 * kSecond;
  flight.steady_least = 40;
  flight.light = 7;
  flight.light_time = kSecond;
  flight.full_since = 10 * kSecond + 1;
  flight.full_until = 12 * kSecond - 1;
  return flight;
}

std::string Bytes(const Flight& flight) { return flight.ToProto().SerializeAsString(); }

TEST(FlightTest, OthersAtTheSameTimeAddUp) {
  Flight other = One();
  other.begin -= kSecond;
  other.end -= kSecond;
  other.full_since += 5;
  other.full_until -= 5;
  Flight both = One();
  both.Join(other);
  EXPECT_EQ(both.begin, 9 * kSecond + kSecond / 2);
  EXPECT_EQ(both.end, 11 * kSecond + kSecond / 2);
  EXPECT_EQ(both.area, 200 * kSecond);
  EXPECT_EQ(both.least, 6u);
  EXPECT_EQ(both.most, 120u);
  EXPECT_EQ(both.steady_area, 160 * kSecond);
  EXPECT_EQ(both.steady_asked, 180 * kSecond);
  EXPECT_EQ(both.ramp_area, 10 * kSecond);
  EXPECT_EQ(both.steady_least, 80u);
  EXPECT_EQ(both.light, 14u);
  EXPECT_EQ(both.light_time, 2 * kSecond);
  EXPECT_EQ(both.full_since, One().full_since + 5);
  EXPECT_EQ(both.full_until, One().full_until - 5);
}

TEST(FlightTest, NeverIsMoreInFlightThanIsAsked) {
  // Three that are full all the time, each of which looks at the clock somewhat later than the one
  // before it, and not always by as much.
  constexpr Nanos kCuts[][3] = {{1000, 1000, 1000}, {2000, 2300, 2900}, {3000, 3010, 3020}};
  Nanos last_end = 1000;
  for (int i = 0; i < 2; ++i) {
    Flight all;
    for (int worker = 0; worker < 3; ++worker) {
      Flight flight;
      flight.begin = kCuts[i][worker];
      flight.end = kCuts[i + 1][worker];
      flight.area = 10 * (flight.end - flight.begin);
      all.Join(flight);
    }
    EXPECT_EQ(all.area, 30 * (all.end - all.begin)) << i;
    EXPECT_EQ(all.begin, last_end) << i;
    last_end = all.end;
  }
}

TEST(FlightTest, AllAreFullOnlyIfEachWas) {
  Flight never = One();
  never.full_since = never.full_until = 0;
  never.steady_least = UINT32_MAX;
  for (const bool first : {false, true}) {
    Flight both = first ? never : One();
    both.Join(first ? One() : never);
    EXPECT_EQ(both.full_since, 0) << first;
    EXPECT_EQ(both.full_until, 0) << first;
    EXPECT_EQ(both.steady_least, UINT32_MAX) << first;
  }
}

TEST(FlightTest, WhatFollowsIsOfTheSame) {
  Flight later = One();
  later.begin = 12 * kSecond;
  later.end = 13 * kSecond;
  later.least = 1;
  later.most = 50;
  later.steady_least = 41;
  later.full_until = 13 * kSecond - 1;
  Flight all = One();
  all.Follow(later);
  EXPECT_EQ(all.begin, 10 * kSecond);
  EXPECT_EQ(all.end, 13 * kSecond);
  EXPECT_EQ(all.area, 200 * kSecond);
  EXPECT_EQ(all.least, 1u);
  EXPECT_EQ(all.most, 60u);
  EXPECT_EQ(all.steady_least, 40u);
  EXPECT_EQ(all.full_since, One().full_since);
  EXPECT_EQ(all.full_until, 13 * kSecond - 1);
}

TEST(FlightTest, NoTimeChangesNothing) {
  for (const auto change : {&Flight::Join, &Flight::Follow}) {
    Flight with_none = One();
    (with_none.*change)({});
    EXPECT_EQ(Bytes(with_none), Bytes(One()));
    Flight none;
    (none.*change)(One());
    EXPECT_EQ(Bytes(none), Bytes(One()));
  }
}

TEST(FlightTest, SumsOfLiesDoNotOverflow) {
  Flight flight = One();
  flight.area = flight.steady_area = INT64_MAX;
  flight.ramp_area = INT64_MIN;
  Flight other = flight;
  other.Join(flight);
  EXPECT_EQ(other.area, INT64_MAX);
  EXPECT_EQ(other.steady_area, INT64_MAX);
  EXPECT_EQ(other.ramp_area, INT64_MIN);
}

TEST(FlightTest, ComesBackFromItsMessage) {
  Flight unsteady = One();
  unsteady.steady_least = UINT32_MAX;
  for (const Flight& flight : {One(), unsteady, Flight()}) {
    const absl::StatusOr<Flight> again = Flight::FromProto(flight.ToProto(), kMostAsked);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(Bytes(*again), Bytes(flight));
    EXPECT_EQ(again->steady_least, flight.steady_least);
  }
}

TEST(FlightTest, RefusesWhatCannotBe) {
  struct Case {
    const char* name;
    std::function<void(v1::Flight&)> change;
    bool ok = false;
  };
  const Nanos most_area = 3 * kSecond * kMostAsked;  // of two seconds, and one of slack
  const std::vector<Case> kCases = {
      {"before there was time", [](auto& f) { f.set_begin_ns(-1); }},
      {"time runs backwards", [](auto& f) { f.set_end_ns(f.begin_ns() - 1); }},
      {"for too long", [](auto& f) { f.set_end_ns(f.begin_ns() + kMaxDurationNs + 1); }},
      {"as much as can be", [=](auto& f) { f.set_area(most_area); }, true},
      {"more than can be", [=](auto& f) { f.set_area(most_area + kSecond); }},
      {"less than can be", [=](auto& f) { f.set_area(-most_area - kSecond); }},
      {"as many as were asked for", [](auto& f) { f.set_most(kMostAsked); }, true},
      {"more than were asked for", [](auto& f) { f.set_most(kMostAsked + 1); }},
      {"at least more than at most", [](auto& f) { f.set_least(f.most() + 1); }},
      {"too many at little load", [](auto& f) { f.set_light(kMaxRequests + 1); }},
      {"which took less than nothing", [](auto& f) { f.set_light_ns(-1); }},
      {"full before there was time", [](auto& f) { f.set_full_since_ns(INT64_MIN); }},
      {"for the last time, too", [](auto& f) { f.set_full_until_ns(-1); }},
      {"full in a time to come", [](auto& f) { f.set_full_since_ns(INT64_MAX); }},
      {"until a time to come", [](auto& f) { f.set_full_until_ns(INT64_MAX); }},
  };
  for (const Case& test : kCases) {
    v1::Flight proto = One().ToProto();
    test.change(proto);
    const absl::StatusOr<Flight> flight = Flight::FromProto(proto, kMostAsked);
    EXPECT_EQ(flight.ok(), test.ok) << test.name;
    EXPECT_TRUE(test.ok || absl::IsInvalidArgument(flight.status())) << test.name;
  }
}

}  // namespace
}  // namespace squall
