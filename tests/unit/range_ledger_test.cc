#include "controller/range_ledger.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr Nanos kHold = 4 * kSecond;

// What there is for it in a run that nobody is lost from: one range, if anything.
std::optional<Span> TopUp(RangeLedger& ledger, size_t agent, Nanos now = 0) {
  const std::vector<Ledger::Granted> granted = ledger.Grant(agent, now);
  EXPECT_LE(granted.size(), 1u);
  if (granted.empty()) return std::nullopt;
  EXPECT_FALSE(granted.front().again);
  return granted.front().span;
}

std::vector<Span> Again(const std::vector<Ledger::Granted>& granted) {
  std::vector<Span> spans;
  for (const auto& [span, again] : granted) {
    if (again) spans.push_back(span);
  }
  return spans;
}

TEST(RangeLedger, EveryAgentGetsWorkForAllItsConnectionsAtTheStart) {
  struct Row {
    const char* name;
    uint64_t total;
    std::vector<uint32_t> concurrency;
  };
  const Row rows[] = {
      {"as many as connections", 200, {200}},
      {"as many as connections, three agents", 97, {33, 32, 32}},
      {"unequal", 100, {1, 98, 1}},
      {"one each", 3, {1, 1, 1}},
      {"plenty", 1'000'000, {50, 2, 7}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    RangeLedger ledger(row.total, kHold);
    for (const uint32_t concurrency : row.concurrency) ledger.Join({.concurrency = concurrency});
    for (size_t i = 0; i < row.concurrency.size(); ++i) {
      const auto span = TopUp(ledger, i);
      ASSERT_TRUE(span);
      EXPECT_GE(span->count, row.concurrency[i]);
    }
  }
}

TEST(RangeLedger, AFastAgentDoesMoreAndASlowOneDoesNotHoldTheEnd) {
  // Two agents of ten connections, one a hundred times faster. Simulated in steps of 10 ms.
  RangeLedger ledger(100'000, kHold);
  constexpr uint64_t kPerStep[] = {100, 1};
  for (int i = 0; i < 2; ++i) ledger.Join({.concurrency = 10});
  std::deque<uint64_t> queues[2];
  uint64_t done_by[2] = {0, 0};
  Nanos fast_ended = 0;
  Nanos now = 0;
  const auto top_up = [&](size_t i) {
    if (const auto span = TopUp(ledger, i)) {
      for (uint64_t k = 0; k < span->count; ++k) queues[i].push_back(span->first + k);
    }
  };
  top_up(0);
  top_up(1);
  while (!ledger.complete()) {
    now += 10 * kMillisecond;
    ASSERT_LT(now, 60 * kSecond);
    for (size_t i = 0; i < 2; ++i) {
      std::vector<uint64_t> done;
      for (uint64_t k = 0; k < kPerStep[i] && !queues[i].empty(); ++k) {
        done.push_back(queues[i].front());
        queues[i].pop_front();
      }
      done_by[i] += done.size();
      if (!done.empty() && i == 0) fast_ended = now;
      ASSERT_TRUE(ledger.Close(i, {.held = *ToRuns(done, 1)}, now).ok());
      top_up(i);
    }
  }
  EXPECT_GT(done_by[0], 80 * done_by[1]);
  EXPECT_LT(now - fast_ended, kSecond) << "the slow agent held the end";
}

TEST(RangeLedger, UnderADurationGrantsStayFinite) {
  RangeLedger ledger(0, kHold);
  const size_t agent = ledger.Join({.concurrency = 10});
  auto span = TopUp(ledger, agent);
  ASSERT_TRUE(span);
  std::vector<uint64_t> done;
  for (uint64_t i = 0; i < span->count; ++i) done.push_back(i);
  ASSERT_TRUE(ledger.Close(agent, {.held = *ToRuns(done, 1)}, kSecond / 100).ok());
  const double rate = static_cast<double>(span->count) * 100;
  span = TopUp(ledger, agent);
  ASSERT_TRUE(span);
  EXPECT_NEAR(static_cast<double>(span->count), 4 * rate, 100);
  EXPECT_FALSE(TopUp(ledger, agent));
  EXPECT_FALSE(ledger.complete());
  EXPECT_FALSE(ledger.exhausted());
}

TEST(RangeLedger, WhatIsExpectedOfAnAgentSizesItsGrantsUntilItReports) {
  RangeLedger ledger(0, kHold);
  const size_t agent = ledger.Join({.concurrency = 10});
  ledger.Expect(agent, 1'000);
  auto span = TopUp(ledger, agent);
  ASSERT_TRUE(span);
  EXPECT_EQ(span->count, 4'010u) << "4 s, and what is in flight";
  // The first results come from a moment, which tells little.
  ASSERT_TRUE(ledger.Close(agent, {.held = {{0, 1, 1}}}, kMillisecond * 100).ok());
  EXPECT_NEAR(ledger.per_second(agent), 1'000, 60);
  ledger.Expect(agent, 5);
  EXPECT_NEAR(ledger.per_second(agent), 1'000, 60) << "what was seen counts";
}

TEST(RangeLedger, GrantsStayFiniteForAnAgentThatLiesAboutTime) {
  for (const uint64_t total : {uint64_t{0}, uint64_t{1} << 62}) {
    SCOPED_TRACE(total);
    RangeLedger ledger(total, kHold);
    const size_t agent = ledger.Join({.concurrency = 1'000'000});
    for (Nanos window = 1; window < 5; ++window) {
      const auto span = TopUp(ledger, agent);
      ASSERT_TRUE(span);
      ASSERT_LE(span->count, uint64_t{1} << 32);
      ASSERT_TRUE(ledger.Close(agent, {.held = {{span->first, 1, span->count}}}, window).ok());
    }
  }
}

TEST(RangeLedger, RefusesNumbersThatAreNotTheAgents) {
  struct Row {
    const char* name;
    std::vector<Span> runs;
  };
  // Agent 0 holds 0 … 3, agent 1 holds 4 … 7, and 1 has been reported.
  const Row rows[] = {
      {"another agent's", {{4, 1, 1}}},
      {"beyond its range", {{2, 1, 3}}},
      {"never granted", {{100, 1, 1}}},
      {"reported before", {{1, 1, 1}}},
      {"over one reported before", {{0, 1, 3}}},
      {"one good, one bad", {{2, 1, 1}, {9, 1, 1}}},
      {"at a distance from each other", {{0, 2, 2}}},
      {"the same number again", {{2, 0, 2}}},
      {"so long that it wraps", {{2, 1, UINT64_MAX - 1}}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    RangeLedger ledger(100, kHold);
    ledger.Join({.concurrency = 1});
    ledger.Join({.concurrency = 1});
    ASSERT_EQ(TopUp(ledger, 0), (Span{0, 1, 4}));
    ASSERT_EQ(TopUp(ledger, 1), (Span{4, 1, 4}));
    ASSERT_TRUE(ledger.Close(0, {.held = {{1, 1, 1}}}, kSecond).ok());
    EXPECT_FALSE(ledger.Close(0, {.held = row.runs}, 2 * kSecond).ok());
    EXPECT_EQ(ledger.held(), 1u);
    EXPECT_TRUE(ledger.Close(0, {.held = {{0, 1, 1}, {2, 1, 2}}}, 2 * kSecond).ok())
        << "nothing may have changed";
  }
}

TEST(RangeLedger, NothingIsDroppedOrUnsentInAClosedLoop) {
  RangeLedger ledger(100, kHold);
  ledger.Join({.concurrency = 10});
  ASSERT_TRUE(TopUp(ledger, 0));
  EXPECT_FALSE(ledger.Close(0, {.dropped = {{0, 1, 1}}}, kSecond).ok());
  EXPECT_FALSE(ledger.Close(0, {.unsent = {{0, 1, 1}}}, kSecond).ok());
  EXPECT_TRUE(ledger.Close(0, {.held = {{0, 1, 1}}}, kSecond).ok());
}

TEST(RangeLedger, WhatALostAgentHadIsGrantedFirstAndToWhoeverAsks) {
  RangeLedger ledger(0, kHold);
  for (int i = 0; i < 3; ++i) ledger.Join({.concurrency = 2});
  ASSERT_EQ(TopUp(ledger, 0), (Span{0, 1, 8}));
  ASSERT_EQ(TopUp(ledger, 1), (Span{8, 1, 8}));
  ASSERT_TRUE(ledger.Close(0, {.held = {{2, 1, 1}, {5, 1, 1}}}, kSecond).ok());
  const Ledger::Loss loss = ledger.Lose(0, 0);
  EXPECT_EQ(loss.again, 6u);
  EXPECT_EQ(loss.possibly_repeated, 6u);
  EXPECT_TRUE(ledger.Grant(0, kSecond).empty());

  const std::vector<Ledger::Granted> granted = ledger.Grant(2, kSecond);
  EXPECT_THAT(Again(granted), testing::ElementsAre(Span{0, 1, 2}, Span{3, 1, 2}, Span{6, 1, 2}));
  ASSERT_EQ(granted.size(), 4u);
  EXPECT_EQ(granted.back().span, (Span{16, 1, 2})) << "what there is room for beside";
  EXPECT_FALSE(ledger.Close(0, {.held = {{3, 1, 1}}}, 2 * kSecond).ok()) << "no longer its own";
  EXPECT_TRUE(ledger.Close(0, {}, 2 * kSecond).ok());
  EXPECT_TRUE(ledger.Close(2, {.held = {{0, 1, 2}, {3, 1, 2}}}, 2 * kSecond).ok());
}

TEST(RangeLedger, IsNotExhaustedWhileSomethingLostWaits) {
  RangeLedger ledger(4, kHold);
  ledger.Join({.concurrency = 1});
  ASSERT_TRUE(TopUp(ledger, 0));
  EXPECT_TRUE(ledger.exhausted());
  ledger.Lose(0, 0);
  EXPECT_FALSE(ledger.exhausted());
  EXPECT_FALSE(ledger.complete());
  ledger.Join({.concurrency = 1});
  EXPECT_EQ(Again(ledger.Grant(1, 0)), (std::vector<Span>{{0, 1, 4}}));
  EXPECT_TRUE(ledger.exhausted());
  EXPECT_TRUE(ledger.Close(1, {.held = {{0, 1, 4}}}, kSecond).ok());
  EXPECT_TRUE(ledger.complete());
}

TEST(RangeLedger, OneThatHasLeftKeepsWhatItHasAndGetsNothing) {
  RangeLedger ledger(1'000, kHold);
  ledger.Join({.concurrency = 1});
  ledger.Join({.concurrency = 1});
  ASSERT_EQ(TopUp(ledger, 0), (Span{0, 1, 4}));
  ledger.Leave(0);
  EXPECT_TRUE(ledger.Close(0, {.held = {{0, 1, 4}}}, kSecond).ok());
  EXPECT_FALSE(TopUp(ledger, 0));
  ledger.Return(0);
  EXPECT_TRUE(TopUp(ledger, 0));
  ledger.Lose(0, 0);
  ledger.Return(0);
  EXPECT_TRUE(ledger.Grant(0, kSecond).empty()) << "lost for good";
}

TEST(RangeLedger, SharesAreOfThoseWhoTakePart) {
  // Both would take all of the 1,000: each is given half his share, and the one who is left alone
  // whatever he has time for.
  for (const bool leaves : {false, true}) {
    RangeLedger ledger(1'000, kHold);
    for (size_t i = 0; i < 2; ++i) {
      ledger.Join({.concurrency = 1});
      ledger.Expect(i, 1'000);
    }
    if (leaves) ledger.Leave(1);
    const auto span = TopUp(ledger, 0);
    ASSERT_TRUE(span);
    EXPECT_EQ(span->count, leaves ? 1'000u : 250u);
  }
}

TEST(RangeLedger, TheRateOfOneThatComesLateCountsFromThere) {
  RangeLedger ledger(0, kHold);
  ledger.Join({.concurrency = 100});
  const auto span = TopUp(ledger, 0, 60 * kSecond);
  ASSERT_TRUE(span);
  ASSERT_TRUE(ledger.Close(0, {.held = {*span}}, 60 * kSecond + kSecond / 2).ok());
  EXPECT_NEAR(ledger.per_second(0), 2 * static_cast<double>(span->count), 1);
}

}  // namespace
}  // namespace squall
