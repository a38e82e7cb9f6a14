#include "common/list_times.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "agent/entry_times.h"
#include "common/protocol.h"
#include "common/schedule.h"
#include "controller/lane_ledger.h"

namespace squall {
namespace {

std::vector<uint64_t> RandomTimes(uint64_t seed, size_t count) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> times(count);
  uint64_t us = 0;
  for (uint64_t& time : times) {
    time = us;
    us += random() % 3 == 0 ? 0 : random() % (uint64_t{1} << random() % 24);
  }
  return times;
}

v1::ListTimes ToProto(const std::vector<uint64_t>& times) {
  v1::ListTimes proto;
  for (const uint64_t us : times) AddListTime(us, proto);
  return proto;
}

UrlList ListOf(const std::vector<uint64_t>& times) {
  std::string text = "# comment\n";
  for (const uint64_t us : times) text += fmt::format("{} GET /\n\n", us);
  const ListForm form = {.requests = true, .timed = true};
  auto list = ListText::InMemory(text, "list", "http://h", form);
  EXPECT_TRUE(list.ok()) << list.status();
  return *UrlList::Make(*std::move(list), "list", "http://h", form, {"GET"});
}

v1::Arrivals Listed(uint64_t speed_nano) {
  v1::Arrivals arrivals;
  arrivals.set_process(v1::ARRIVAL_PROCESS_LISTED);
  arrivals.set_rate_nano(1);
  arrivals.set_speed_nano(speed_nano);
  return arrivals;
}

TEST(ListTimes, EntriesSayWhenTheyAreDue) {
  for (const size_t count : {1u, 2u, 7u, 1000u}) {
    const std::vector<uint64_t> times = RandomTimes(count, count);
    const UrlList list = ListOf(times);
    const EntryTimes entries(list);
    for (size_t n = 0; n < count; ++n) ASSERT_EQ(entries.At(n), times[n]);
    EXPECT_EQ(entries.At(count), UINT64_MAX);
    std::mt19937_64 random(7);
    for (int i = 0; i < 2000; ++i) {
      const uint64_t us = i % 2 == 0 ? times[random() % count] : random() % (times.back() + 3);
      const auto want =
          static_cast<uint64_t>(std::lower_bound(times.begin(), times.end(), us) - times.begin());
      ASSERT_EQ(entries.CountBefore(us, random() % (count + 3)), want);
    }
  }
}

TEST(ListTimes, RoughOnesAreNeverLate) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<uint64_t> times = RandomTimes(seed, 500);
    const v1::ListTimes proto = ToProto(times);
    ASSERT_TRUE(AreListTimes(proto, times.size()));
    EXPECT_FALSE(AreListTimes(proto, times.size() + 1));
    const RoughTimes rough(proto);
    for (size_t n = 0; n < times.size(); ++n) {
      ASSERT_LE(rough.At(n), times[n]);
      ASSERT_GT(rough.At(n) + proto.width_us(), times[n]);
      ASSERT_GE(rough.CountBefore(times[n] + 1, 0), n + 1);
    }
    EXPECT_EQ(rough.At(times.size()), UINT64_MAX);
    EXPECT_EQ(rough.CountBefore(0, 0), 0u);
    EXPECT_EQ(rough.CountBefore(UINT64_MAX, 0), times.size());
  }
}

TEST(ListTimes, StretchesGetLongerWhereTheListLastsLonger) {
  v1::ListTimes times;
  AddListTime(0, times);
  AddListTime(kMostListStretches * 1000 - 1, times);
  EXPECT_EQ(times.width_us(), 1000u);
  AddListTime(kMostListStretches * 1000, times);
  EXPECT_EQ(times.width_us(), 2000u);
  AddListTime(kMaxListedUs, times);
  EXPECT_LE(times.counts_size(), static_cast<int>(kMostListStretches));
  EXPECT_TRUE(AreListTimes(times, 4));
}

TEST(ListTimes, Schedule) {
  const UrlList list = ListOf({0, 1, 1000, 2'500'000, 2'500'000});
  const EntryTimes entries(list);
  const struct {
    std::string name;
    uint64_t speed_nano;
    std::vector<Nanos> want;
  } kCases[] = {
      {"1x", 1'000'000'000, {0, 1'000, kMillisecond, 2'500 * kMillisecond, 2'500 * kMillisecond}},
      {"2x", 2'000'000'000, {0, 500, kMillisecond / 2, 1'250 * kMillisecond, 1'250 * kMillisecond}},
      {"3x, rounded down", 3'000'000'000, {0, 333, 333'333, 833'333'333, 833'333'333}},
      {"0.001x", 1'000'000, {0, kMillisecond, kSecond, 2'500 * kSecond, 2'500 * kSecond}},
  };
  for (const auto& c : kCases) {
    Schedule schedule(Listed(c.speed_nano), 1, &entries);
    for (size_t n = 0; n < c.want.size(); ++n) {
      EXPECT_EQ(schedule.TimeOf(n), c.want[n]) << c.name;
      const auto before = static_cast<uint64_t>(
          std::lower_bound(c.want.begin(), c.want.end(), c.want[n]) - c.want.begin());
      EXPECT_EQ(schedule.CountBefore(c.want[n]), before) << c.name;
      const auto until = static_cast<uint64_t>(
          std::upper_bound(c.want.begin(), c.want.end(), c.want[n]) - c.want.begin());
      EXPECT_EQ(schedule.CountBefore(c.want[n] + 1), until) << c.name;
    }
    EXPECT_EQ(schedule.TimeOf(c.want.size()), kForever) << c.name;
    EXPECT_EQ(schedule.CountBefore(kForever), c.want.size()) << c.name;
  }
}

TEST(ListTimes, EveryNumberIsGrantedAheadOfItsTime) {
  constexpr Nanos kHold = 5 * kSecond;
  const std::vector<uint64_t> times = RandomTimes(3, 400);
  const RoughTimes rough(ToProto(times));
  v1::Phase phase;
  phase.set_measured(true);
  phase.set_requests(times.size());
  *phase.mutable_arrivals() = Listed(2'000'000'000);
  LaneLedger ledger(phase, 1, kHold, &rough);
  for (int i = 0; i < 3; ++i) ledger.Join({1, 1});
  const UrlList list = ListOf(times);
  const EntryTimes entries(list);
  Schedule schedule(phase.arrivals(), 1, &entries);
  std::vector<int> granted(times.size());
  for (Nanos now = 0; !ledger.exhausted(); now += kSecond) {
    for (size_t agent = 0; agent < 3; ++agent) {
      for (const Ledger::Granted& grant : ledger.Grant(agent, now)) {
        for (uint64_t i = 0; i < grant.span.count; ++i) {
          const uint64_t n = grant.span.first + i * grant.span.stride;
          ++granted[n];
          EXPECT_TRUE(now == 0 || now + kHold <= schedule.TimeOf(n) + kSecond) << n;
        }
      }
    }
  }
  EXPECT_EQ(std::count(granted.begin(), granted.end(), 1), static_cast<ptrdiff_t>(times.size()));
}

}  // namespace
}  // namespace squall
