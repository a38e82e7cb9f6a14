#include "controller/server_record.h"

#include <functional>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr Nanos kZero = 1000 * kSecond;  // of an agent's clock
constexpr Nanos kElapsed = 10 * kSecond;

v1::ServerCounts Counts(Nanos from, Nanos to, double mean, uint64_t in_flight) {
  v1::ServerCounts counts;
  counts.set_id("one");
  counts.set_target(true);
  counts.set_from_ns(kZero + from);
  counts.set_to_ns(kZero + to);
  counts.set_area(static_cast<uint64_t>(mean * static_cast<double>(to - from)));
  counts.set_in_flight(in_flight);
  counts.set_most(64);
  counts.set_peak(200);
  return counts;
}

struct Case {
  const char* name;
  Nanos from;
  Nanos to;
  uint64_t in_flight;
  // What is found, of a server that had 60 in flight in that time.
  double mean;
  Nanos found_from;
  Nanos found_to;
};

const std::vector<Case> kCases = {
    {"the very phase", 0, kElapsed, 0, 60, 0, kElapsed},
    {"asked a second after the end", 0, kElapsed + kSecond, 0, 66, 0, kElapsed},
    {"after the end, but others go on", 0, kElapsed + kSecond, 1, 60, 0, kElapsed + kSecond},
    {"it was asked late first", kSecond, kElapsed + kSecond, 0, 60, kSecond, kElapsed + kSecond},
    {"and early last", 0, kElapsed - kSecond, 0, 60, 0, kElapsed - kSecond},
    {"a little too early for our clock", -kMillisecond, kElapsed, 1, 60, 0, kElapsed},
};

TEST(ServerRecord, TellsTheMeanOfTheTimeThatIsKnown) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    ServerRecord record;
    record.Add(0, Counts(row.from, row.to, 60, row.in_flight), kZero);
    const std::optional<ServerParallelism> found = record.Finish(kElapsed, 1);
    ASSERT_TRUE(found && found->mean);
    EXPECT_TRUE(found->target);
    EXPECT_NEAR(*found->mean, row.mean, 0.01);
    EXPECT_EQ(found->from, row.found_from);
    EXPECT_EQ(found->to, row.found_to);
    EXPECT_EQ(found->most, 64u);
    EXPECT_EQ(found->peak, 200u);
  }
}

TEST(ServerRecord, OfSeveralAgentsNothingIsAdded) {
  ServerRecord record;
  v1::ServerCounts widest = Counts(0, 8 * kSecond, 60, 60);
  v1::ServerCounts other = Counts(2 * kSecond, 9 * kSecond, 59, 60);
  other.set_most(65);
  record.Add(0, Counts(0, 2 * kSecond, 1, 60), kZero);
  record.Add(0, widest, kZero);  // in place of what it told before
  other.set_from_ns(other.from_ns() + kSecond);
  other.set_to_ns(other.to_ns() + kSecond);
  record.Add(2, other, kZero + kSecond);
  const std::optional<ServerParallelism> found = record.Finish(kElapsed, 1);
  ASSERT_TRUE(found && found->mean);
  EXPECT_NEAR(*found->mean, 60, 0.01);
  EXPECT_EQ(found->to, 8 * kSecond);
  EXPECT_EQ(found->most, 65u);
}

TEST(ServerRecord, OfSeveralServersNothingIsTold) {
  {
    ServerRecord record;
    record.Add(0, Counts(0, kElapsed, 60, 0), kZero);
    EXPECT_FALSE(record.Finish(kElapsed, 2)) << "answers came from two addresses";
    v1::ServerCounts named = Counts(0, kElapsed, 60, 0);
    named.set_target(false);
    record.Add(0, named, kZero);
    EXPECT_TRUE(record.Finish(kElapsed, 2)) << "the user knows what it counts";
  }
  ServerRecord record;
  v1::ServerCounts other = Counts(0, kElapsed, 60, 0);
  other.set_id("two");
  record.Add(0, Counts(0, kElapsed, 60, 0), kZero);
  record.Add(1, other, kZero);
  EXPECT_FALSE(record.Finish(kElapsed, 1));
}

TEST(ServerRecord, TellsWhatIsKnown) {
  ServerRecord record;
  EXPECT_FALSE(record.Finish(kElapsed, 1));
  v1::ServerCounts counts;
  counts.set_failure("it answered with status 404");
  record.Add(1, counts, kZero);
  EXPECT_FALSE(record.Finish(kElapsed, 1));
  EXPECT_EQ(record.failure(), "it answered with status 404");
  counts.set_peak(9);
  record.Add(1, counts, kZero);
  const std::optional<ServerParallelism> found = record.Finish(kElapsed, 1);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->mean || found->most);
  EXPECT_EQ(found->peak, 9u);
}

struct Check {
  const char* name;
  std::function<void(v1::ServerCounts&)> change;
  bool ok = false;
};

const std::vector<Check> kChecks = {
    {"the truth", [](auto&) {}, true},
    {"nothing", [](auto& c) { c.Clear(); }, true},
    {"time that runs backwards", [](auto& c) { c.set_to_ns(c.from_ns() - 1); }},
    {"negative time", [](auto& c) { c.set_from_ns(-1); }},
    {"longer than any run", [](auto& c) { c.set_to_ns(std::numeric_limits<int64_t>::max()); }},
    {"more than anybody has", [](auto& c) { c.set_area(UINT64_MAX); }},
    {"some in no time", [](auto& c) { c.set_to_ns(c.from_ns()); }},
    {"a long id", [](auto& c) { c.set_id(std::string(2000, 'x')); }},
    {"a long failure", [](auto& c) { c.set_failure(std::string(2000, 'x')); }},
};

TEST(ServerRecord, WhatCannotBeIsRefused) {
  for (const Check& row : kChecks) {
    v1::ServerCounts counts = Counts(0, kSecond, 60, 60);
    row.change(counts);
    EXPECT_EQ(AreServerCounts(counts), row.ok) << row.name;
  }
}

}  // namespace
}  // namespace squall
