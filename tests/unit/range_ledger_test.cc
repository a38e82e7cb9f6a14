#include "controller/range_ledger.h"

#include <algorithm>
#include <deque>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace squall {
namespace {

// An agent that works off what it is granted, some numbers out of order.
struct FakeAgent {
  size_t index;
  std::vector<uint64_t> unfinished;
  Nanos window = 0;
};

void Take(FakeAgent& agent, const Span& span) {
  for (uint64_t i = 0; i < span.count; ++i) {
    agent.unfinished.push_back(span.first + i * span.stride);
  }
}

TEST(RangeLedger, GrantsAndHoldsEveryNumberOnceInAnyInterleaving) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const uint64_t total = 1 + random() % 20'000;
    RangeLedger ledger(total);
    std::vector<FakeAgent> agents;
    for (uint64_t i = 0, count = 1 + random() % 5; i < count; ++i) {
      agents.push_back({ledger.AddAgent(static_cast<uint32_t>(1 + random() % 100)), {}});
    }
    std::set<uint64_t> granted;
    const auto top_up = [&](FakeAgent& agent) {
      if (const auto span = ledger.TopUp(agent.index)) {
        for (uint64_t i = 0; i < span->count; ++i) {
          EXPECT_TRUE(granted.insert(span->first + i * span->stride).second);
        }
        Take(agent, *span);
      }
    };
    for (FakeAgent& agent : agents) top_up(agent);
    int steps = 0;
    while (!ledger.complete()) {
      ASSERT_LT(++steps, 100'000) << "seed " << seed << ": no progress";
      FakeAgent& agent = agents[random() % agents.size()];
      std::shuffle(agent.unfinished.begin(), agent.unfinished.end(), random);
      const size_t keep = random() % 3 == 0 ? agent.unfinished.size() / 2 : 0;
      std::vector<uint64_t> done(agent.unfinished.begin() + static_cast<ptrdiff_t>(keep),
                                 agent.unfinished.end());
      agent.unfinished.resize(keep);
      agent.window += static_cast<Nanos>(1 + random() % 2'000) * kMillisecond;
      ASSERT_TRUE(ledger.Close(agent.index, {.held = *ToRuns(done)}, agent.window).ok());
      top_up(agent);
    }
    EXPECT_EQ(granted.size(), total);
    EXPECT_EQ(*granted.rbegin(), total - 1);
    EXPECT_EQ(ledger.held(), total);
    EXPECT_TRUE(ledger.exhausted());
  }
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
    RangeLedger ledger(row.total);
    for (const uint32_t concurrency : row.concurrency) ledger.AddAgent(concurrency);
    for (size_t i = 0; i < row.concurrency.size(); ++i) {
      const auto span = ledger.TopUp(i);
      ASSERT_TRUE(span);
      EXPECT_GE(span->count, row.concurrency[i]);
    }
  }
}

TEST(RangeLedger, AFastAgentDoesMoreAndASlowOneDoesNotHoldTheEnd) {
  // Two agents of ten connections, one a hundred times faster. Simulated in steps of 10 ms.
  RangeLedger ledger(100'000);
  constexpr uint64_t kPerStep[] = {100, 1};
  std::vector<FakeAgent> agents = {{ledger.AddAgent(10), {}}, {ledger.AddAgent(10), {}}};
  std::deque<uint64_t> queues[2];
  uint64_t done_by[2] = {0, 0};
  Nanos fast_ended = 0;
  Nanos now = 0;
  const auto top_up = [&](size_t i) {
    if (const auto span = ledger.TopUp(i)) {
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
      ASSERT_TRUE(ledger.Close(i, {.held = *ToRuns(done)}, now).ok());
      top_up(i);
    }
  }
  EXPECT_GT(done_by[0], 80 * done_by[1]);
  EXPECT_LT(now - fast_ended, kSecond) << "the slow agent held the end";
}

TEST(RangeLedger, UnderADurationGrantsStayFinite) {
  RangeLedger ledger(0);
  const size_t agent = ledger.AddAgent(10);
  auto span = ledger.TopUp(agent);
  ASSERT_TRUE(span);
  std::vector<uint64_t> done;
  for (uint64_t i = 0; i < span->count; ++i) done.push_back(i);
  ASSERT_TRUE(ledger.Close(agent, {.held = *ToRuns(done)}, kSecond / 100).ok());
  const double rate = static_cast<double>(span->count) * 100;
  span = ledger.TopUp(agent);
  ASSERT_TRUE(span);
  EXPECT_NEAR(static_cast<double>(span->count), 4 * rate, 100);
  EXPECT_FALSE(ledger.TopUp(agent));
  EXPECT_FALSE(ledger.complete());
  EXPECT_FALSE(ledger.exhausted());
}

TEST(RangeLedger, WhatIsExpectedOfAnAgentSizesItsGrantsUntilItReports) {
  RangeLedger ledger(0);
  const size_t agent = ledger.AddAgent(10);
  ledger.Expect(agent, 1'000);
  auto span = ledger.TopUp(agent);
  ASSERT_TRUE(span);
  EXPECT_EQ(span->count, 4'010u) << "4 s, and what is in flight";
  // The first results come from a moment, which tells little.
  ASSERT_TRUE(ledger.Close(agent, {.held = {{0, 1}}}, kMillisecond * 100).ok());
  EXPECT_NEAR(ledger.per_second(agent), 1'000, 60);
  ledger.Expect(agent, 5);
  EXPECT_NEAR(ledger.per_second(agent), 1'000, 60) << "what was seen counts";
}

TEST(RangeLedger, GrantsStayFiniteForAnAgentThatLiesAboutTime) {
  for (const uint64_t total : {uint64_t{0}, uint64_t{1} << 62}) {
    SCOPED_TRACE(total);
    RangeLedger ledger(total);
    const size_t agent = ledger.AddAgent(1'000'000);
    for (Nanos window = 1; window < 5; ++window) {
      const auto span = ledger.TopUp(agent);
      ASSERT_TRUE(span);
      ASSERT_LE(span->count, uint64_t{1} << 32);
      ASSERT_TRUE(ledger.Close(agent, {.held = {{span->first, span->count}}}, window).ok());
    }
  }
}

TEST(RangeLedger, RefusesNumbersThatAreNotTheAgents) {
  struct Row {
    const char* name;
    std::vector<NumberRun> runs;
  };
  // Agent 0 holds 0 … 3, agent 1 holds 4 … 7, and 1 has been reported.
  const Row rows[] = {
      {"another agent's", {{4, 1}}},
      {"beyond its range", {{2, 3}}},
      {"never granted", {{100, 1}}},
      {"reported before", {{1, 1}}},
      {"over one reported before", {{0, 3}}},
      {"one good, one bad", {{2, 1}, {9, 1}}},
      {"so long that it wraps", {{2, UINT64_MAX - 1}}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    RangeLedger ledger(100);
    ledger.AddAgent(1);
    ledger.AddAgent(1);
    ASSERT_EQ(ledger.TopUp(0), (Span{0, 1, 4}));
    ASSERT_EQ(ledger.TopUp(1), (Span{4, 1, 4}));
    ASSERT_TRUE(ledger.Close(0, {.held = {{1, 1}}}, kSecond).ok());
    EXPECT_FALSE(ledger.Close(0, {.held = row.runs}, 2 * kSecond).ok());
    EXPECT_EQ(ledger.held(), 1u);
    EXPECT_TRUE(ledger.Close(0, {.held = {{0, 1}, {2, 2}}}, 2 * kSecond).ok())
        << "nothing may have changed";
  }
}

TEST(RangeLedger, NothingIsDroppedOrUnsentInAClosedLoop) {
  RangeLedger ledger(100);
  ledger.AddAgent(10);
  ASSERT_TRUE(ledger.TopUp(0));
  EXPECT_FALSE(ledger.Close(0, {.dropped = {{0, 1}}}, kSecond).ok());
  EXPECT_FALSE(ledger.Close(0, {.unsent = {{0, 1}}}, kSecond).ok());
  EXPECT_TRUE(ledger.Close(0, {.held = {{0, 1}}}, kSecond).ok());
}

}  // namespace
}  // namespace squall
