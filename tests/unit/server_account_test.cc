#include "agent/server_account.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

// The server's clock shows so much more than ours.
constexpr Nanos kAhead = 3600 * kSecond;
constexpr Nanos kBegin = 100 * kSecond;
constexpr Nanos kInterval = 100 * kMillisecond;
constexpr Nanos kRoundTrip = 200'000;

ServerCounts::Point PointAt(Nanos at, Nanos area, std::optional<uint64_t> in_flight) {
  return {kBegin + at + kAhead, static_cast<uint64_t>(area), in_flight};
}

// Times count from the beginning of the phase.
class Server {
 public:
  explicit Server(Nanos history_since) {
    counts_.id = "one";
    counts_.history_since = kBegin + history_since + kAhead;
    counts_.interval = kInterval;
  }
  Server& Interval(Nanos at, Nanos area, uint64_t in_flight, uint64_t most) {
    ServerCounts::Interval& interval = counts_.history.emplace_back();
    static_cast<ServerCounts::Point&>(interval) = PointAt(at, area, in_flight);
    interval.most = most;
    return *this;
  }
  ServerCounts Now(Nanos at, Nanos area, uint64_t in_flight) {
    counts_.now = PointAt(at, area, in_flight);
    counts_.peak = 500;  // of some run before
    return counts_;
  }

 private:
  ServerCounts counts_;
};

void Add(ServerAccount& account, const ServerCounts& counts, Nanos at) {
  account.Add(counts, kBegin + at - kRoundTrip / 2, kBegin + at + kRoundTrip / 2);
}

struct Case {
  const char* name;
  ServerCounts counts;
  Nanos at;
  Nanos from;  // -1: nothing
  Nanos to;
  Nanos area;
  int most;  // -1: nothing
};

const std::vector<Case> kCases = {
    {"all of a run, from idle to idle",
     Server(-5 * kSecond)
         .Interval(-3 * kSecond, 70, 0, 400)
         .Interval(kMillisecond, 1000, 0, 60)
         .Interval(kInterval, 2000, 64, 64)
         .Now(kSecond, 9000, 0),
     kSecond, 0, kSecond, 8000, 64},
    {"a run whose first request comes late",
     Server(-kSecond).Interval(kSecond, 5, 0, 3).Now(2 * kSecond, 105, 2), 2 * kSecond, 0,
     2 * kSecond, 100, 3},
    {"one that goes on from a warm-up",
     Server(-2 * kSecond)
         .Interval(-kInterval / 2, 1000, 64, 99)
         .Interval(kInterval / 2, 2000, 64, 64)
         .Now(kSecond, 9000, 64),
     kSecond, kInterval / 2, kSecond, 7000, 64},
    {"one that begins in another run's last interval",
     Server(-2 * kSecond)
         .Interval(-kInterval / 2, 1000, 0, 400)
         .Interval(kInterval / 2, 2000, 0, 64)
         .Now(kSecond, 9000, 0),
     kSecond, kInterval / 2, kSecond, 7000, 64},
    {"one whose beginning is forgotten",
     Server(3 * kSecond).Interval(3 * kSecond, 1000, 0, 7).Now(4 * kSecond, 9000, 64), 4 * kSecond,
     3 * kSecond, 4 * kSecond, 8000, 7},
    {"nothing has come yet", Server(-kSecond).Now(kSecond, 77, 0), kSecond, 0, kSecond, 0, -1},
    {"it has not begun",
     Server(-2 * kSecond).Interval(-kSecond, 0, 0, 64).Now(-kInterval, 9000, 64), -kInterval, -1,
     -1, -1, -1},
    {"the clock shows the first a little early",
     Server(-kSecond).Interval(-kRoundTrip / 4, 10, 0, 8).Now(kSecond, 50, 0), kSecond, 0, kSecond,
     40, 8},
};

TEST(ServerAccount, FindsTheMeasuredPhase) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    ServerAccount account(kBegin, true);
    Add(account, row.counts, row.at);
    const v1::ServerCounts& told = account.told();
    EXPECT_TRUE(told.target());
    EXPECT_EQ(told.id(), "one");
    EXPECT_EQ(told.peak(), 500u);
    EXPECT_EQ(told.has_most() ? static_cast<int>(told.most()) : -1, row.most);
    if (row.from < 0) {
      EXPECT_EQ(told.to_ns(), 0);
      continue;
    }
    EXPECT_EQ(told.from_ns() - kBegin, row.from);
    EXPECT_EQ(told.to_ns() - kBegin, row.to);
    EXPECT_EQ(static_cast<Nanos>(told.area()), row.area);
  }
}

TEST(ServerAccount, GoesOnFromAnswerToAnswer) {
  ServerAccount account(kBegin, true);
  Add(account, Server(-5 * kSecond).Interval(0, 1000, 0, 9).Now(kSecond, 3000, 8), kSecond);
  Add(account, Server(-4 * kSecond).Interval(kSecond, 3000, 8, 12).Now(2 * kSecond, 6000, 7),
      2 * kSecond);
  EXPECT_EQ(account.told().most(), 12u);
  EXPECT_EQ(account.told().area(), 5000u);
  EXPECT_EQ(account.told().in_flight(), 7u);
  account.Fail("gone");
  EXPECT_EQ(account.told().failure(), "gone");
  EXPECT_EQ(account.told().area(), 5000u);
  Add(account, Server(0).Interval(2 * kSecond, 6000, 7, 7).Now(3 * kSecond, 7000, 0), 3 * kSecond);
  EXPECT_EQ(account.told().failure(), "");
  EXPECT_EQ(account.told().most(), 12u);
  EXPECT_EQ(account.told().area(), 6000u);
  EXPECT_EQ(account.told().from_ns(), kBegin);
  EXPECT_EQ(account.told().to_ns(), kBegin + 3 * kSecond);
}

TEST(ServerAccount, TimeDoesNotGoBackWhenTheClockIsKnownBetter) {
  ServerAccount account(kBegin, true);
  // Half a second too late on the way back: our clock seems to be ahead by a quarter.
  account.Add(Server(-kSecond).Interval(0, 0, 0, 1).Now(kSecond, 10, 1), kBegin + kSecond,
              kBegin + kSecond + kSecond / 2);
  const Nanos to = account.told().to_ns();
  EXPECT_EQ(to, kBegin + kSecond + kSecond / 4);
  Add(account, Server(0).Now(kSecond + kMillisecond, 20, 1), kSecond + kMillisecond);
  EXPECT_EQ(account.told().to_ns(), to);
  EXPECT_EQ(account.told().area(), 20u);
}

TEST(ServerAccount, AnotherServerIsAnotherCount) {
  ServerAccount account(kBegin, true);
  Add(account, Server(-kSecond).Interval(0, 1000, 0, 90).Now(kSecond, 9000, 8), kSecond);
  ServerCounts other = Server(kSecond).Interval(3 * kSecond / 2, 0, 0, 5).Now(2 * kSecond, 50, 8);
  other.id = "two";
  Add(account, other, 2 * kSecond);
  const v1::ServerCounts& told = account.told();
  EXPECT_TRUE(told.target());
  EXPECT_EQ(told.id(), "two");
  EXPECT_EQ(told.most(), 5u);
  EXPECT_EQ(told.area(), 50u);
  EXPECT_EQ(told.from_ns(), kBegin + 3 * kSecond / 2);
}

ServerCounts Plain(Nanos at, Nanos area, uint64_t peak) {
  ServerCounts counts;
  counts.now = PointAt(at, area, std::nullopt);
  counts.peak = peak;
  return counts;
}

TEST(ServerAccount, WithoutAHistoryItIsBetweenTheAnswers) {
  ServerAccount account(kBegin, false);
  EXPECT_FALSE(account.any());
  Add(account, Plain(-kSecond, 100, 3), -kSecond);
  EXPECT_EQ(account.told().to_ns(), 0);
  Add(account, Plain(kMillisecond, 1000, 4), kMillisecond);
  Add(account, Plain(kSecond, 5000, 4), kSecond);
  EXPECT_EQ(account.told().from_ns(), kBegin + kMillisecond);
  EXPECT_EQ(account.told().area(), 4000u);
  EXPECT_FALSE(account.told().has_in_flight());
  EXPECT_FALSE(account.told().has_most()) << "it may have been long ago";
  EXPECT_EQ(account.told().peak(), 4u);
  Add(account, Plain(2 * kSecond, 6000, 6), 2 * kSecond);
  EXPECT_EQ(account.told().most(), 6u) << "it has risen";
  // Less than before: it has begun anew.
  Add(account, Plain(3 * kSecond, 10, 1), 3 * kSecond);
  EXPECT_EQ(account.told().from_ns(), kBegin + 3 * kSecond);
  EXPECT_EQ(account.told().area(), 0u);
}

TEST(ServerAccount, WhatCannotBeIsNotTold) {
  ServerAccount account(kBegin, false);
  Add(account, Plain(0, 0, 4), 0);
  Add(account, Plain(kSecond, kForever, 4), kSecond);
  EXPECT_NE(account.told().failure(), "");
  EXPECT_EQ(account.told().to_ns(), 0);
  EXPECT_EQ(account.told().area(), 0u);
  EXPECT_EQ(account.told().peak(), 4u);
  // It counts anew; and then its clock jumps by a day.
  Add(account, Plain(2 * kSecond, 10, 4), 2 * kSecond);
  EXPECT_EQ(account.told().failure(), "");
  EXPECT_EQ(account.told().from_ns(), kBegin + 2 * kSecond);
  Add(account, Plain(3 * kSecond + 86'400 * kSecond, 20, 4), 3 * kSecond);
  EXPECT_EQ(account.told().from_ns(), kBegin + 3 * kSecond);
  EXPECT_EQ(account.told().area(), 0u);
}

TEST(ServerAccount, APeakAloneIsEnough) {
  ServerAccount account(kBegin, false);
  ServerCounts counts;
  counts.peak = 64;
  Add(account, counts, kSecond);
  EXPECT_TRUE(account.any());
  EXPECT_EQ(account.told().peak(), 64u);
  EXPECT_EQ(account.told().to_ns(), 0);
}

}  // namespace
}  // namespace squall
