#include "controller/lane_ledger.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr uint64_t kNano = 1'000'000'000;  // of a rate in 1e-9 requests a second

v1::Phase Arrivals(uint64_t rate_nano, uint64_t requests, Nanos duration,
                   v1::ArrivalProcess process = v1::ARRIVAL_PROCESS_CONSTANT) {
  v1::Phase phase;
  phase.set_requests(requests);
  phase.set_duration_ns(duration);
  phase.mutable_arrivals()->set_process(process);
  phase.mutable_arrivals()->set_rate_nano(rate_nano);
  return phase;
}

constexpr Nanos kHold = 4 * kSecond;

std::unique_ptr<LaneLedger> Make(const v1::Phase& phase, const std::vector<uint32_t>& weights,
                                 uint64_t seed = 1) {
  auto ledger = std::make_unique<LaneLedger>(phase, seed, kHold);
  for (const uint32_t weight : weights) ledger->Join({.weight = weight});
  return ledger;
}

std::vector<uint64_t> NumbersOf(const std::vector<Ledger::Granted>& granted) {
  std::vector<uint64_t> numbers;
  for (const auto& [span, again] : granted) {
    for (uint64_t i = 0; i < span.count; ++i) numbers.push_back(span.first + i * span.stride);
  }
  return numbers;
}

// What every agent is granted by `now`.
std::vector<std::vector<uint64_t>> GrantAll(LaneLedger& ledger, size_t agents, Nanos now) {
  std::vector<std::vector<uint64_t>> granted(agents);
  for (size_t i = 0; i < agents; ++i) granted[i] = NumbersOf(ledger.Grant(i, now));
  return granted;
}

std::vector<Span> Runs(std::vector<uint64_t> numbers, uint64_t stride = 1) {
  return *ToRuns(numbers, stride);
}

TEST(LaneLedger, ItsTotalIsWhatIsDue) {
  struct Row {
    const char* name;
    uint64_t rate_nano;
    uint64_t requests;
    Nanos duration;
    uint64_t total;
  };
  const Row rows[] = {
      {"by number", 100 * kNano, 250, 0, 250},
      {"by time", 100 * kNano, 0, 2 * kSecond, 200},
      {"by time, with a fraction", 333'300'000'000, 0, 10 * kSecond, 3'333},
      {"number first", 100 * kNano, 50, 2 * kSecond, 50},
      {"time first", 100 * kNano, 5'000, 2 * kSecond, 200},
      {"less than one a second", kNano / 10, 0, 25 * kSecond, 3},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(LaneLedger(Arrivals(row.rate_nano, row.requests, row.duration), 1, kHold).total(),
              row.total)
        << row.name;
  }
}

TEST(LaneLedger, GrantsEveryNumberOnceInTimeAndByWeight) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::vector<uint32_t> weights(1 + random() % 7);
    for (uint32_t& weight : weights) weight = static_cast<uint32_t>(1 + random() % 12);
    const v1::Phase phase =
        Arrivals(1 + random() % (3'000 * kNano), 1 + random() % 20'000,
                 random() % 2 == 0 ? 0 : static_cast<Nanos>(random() % 20) * kSecond,
                 random() % 2 == 0 ? v1::ARRIVAL_PROCESS_CONSTANT : v1::ARRIVAL_PROCESS_POISSON);
    const auto owned = Make(phase, weights, seed);
    LaneLedger& ledger = *owned;
    Schedule schedule(phase.arrivals(), seed);
    std::vector<uint64_t> all;
    std::vector<uint64_t> share(weights.size());
    for (Nanos now = -3 * kSecond; now < 40 * kSecond; now += kSecond) {
      const auto granted = GrantAll(ledger, weights.size(), now);
      for (size_t i = 0; i < granted.size(); ++i) {
        all.insert(all.end(), granted[i].begin(), granted[i].end());
        share[i] += granted[i].size();
      }
      const Nanos ahead = now + kHold;
      const uint64_t due = ahead <= 0 ? 0 : std::min(schedule.CountBefore(ahead), ledger.total());
      ASSERT_GE(all.size(), due) << "granted in time";
      const uint64_t most = schedule.CountBefore(std::max<Nanos>(ahead + 2 * kSecond, 0));
      ASSERT_LE(all.size(), most) << "grants are finite";
    }
    std::sort(all.begin(), all.end());
    std::vector<uint64_t> expected(all.size());
    std::iota(expected.begin(), expected.end(), uint64_t{0});
    ASSERT_EQ(all, expected) << "each once, and none left out";
    EXPECT_EQ(ledger.exhausted(), all.size() == ledger.total());
    // A second deals out whole rounds, but for its last one.
    const uint32_t sum = std::accumulate(weights.begin(), weights.end(), 0u);
    for (size_t i = 0; i < weights.size(); ++i) {
      const double exact = static_cast<double>(all.size()) * weights[i] / sum;
      EXPECT_NEAR(static_cast<double>(share[i]), exact, 45.0 * weights[i]) << "agent " << i;
    }
  }
}

TEST(LaneLedger, EachSecondBeginsOneLaneFurtherOn) {
  // Lanes: of the weights 2, 4 and 2 one round is B A C B.
  const auto ledger = Make(Arrivals(8 * kNano, 0, 3 * kSecond), {2, 4, 2});
  const auto granted = GrantAll(*ledger, 3, 0);
  std::map<uint64_t, char> owners;
  for (size_t i = 0; i < granted.size(); ++i) {
    for (const uint64_t number : granted[i]) owners[number] = static_cast<char>('A' + i);
  }
  std::string order;
  for (const auto& [number, owner] : owners) order += owner;
  EXPECT_EQ(order,
            "BACBBACB"
            "ACBBACBB"
            "CBBACBBA");
}

TEST(LaneLedger, RefusesNumbersThatAreNotTheAgents) {
  struct Row {
    const char* name;
    Closing closing;
  };
  // Lanes: A B in the first second, B A in the next. A has reported 2.
  const Row rows[] = {
      {"another agent's", {.held = {{1, 1, 1}}}},
      {"another agent's in the next second", {.held = {{10, 1, 1}}}},
      {"over another agent's", {.held = {{0, 1, 2}}}},
      {"never granted", {.held = {{1'000, 1, 1}}}},
      {"reported before", {.held = {{2, 1, 1}}}},
      {"dropped, but reported before", {.dropped = {{2, 1, 1}}}},
      {"unsent, but reported before", {.unsent = {{2, 1, 1}}}},
      {"held and dropped", {.held = {{4, 1, 1}}, .dropped = {{4, 1, 1}}}},
      {"dropped and unsent", {.dropped = {{4, 1, 1}}, .unsent = {{4, 1, 1}}}},
      {"one good, one bad", {.held = {{4, 1, 1}, {5, 1, 1}}}},
      {"a lane beyond its second", {.held = {{4, 2, 4}}}},
      {"a lane reported in part before", {.held = {{0, 2, 5}}}},
      {"every fourth number, and one not its own", {.held = {{4, 4, 3}}}},
      {"so long that it wraps", {.held = {{4, 1, UINT64_MAX - 1}}}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto owned = Make(Arrivals(10 * kNano, 0, 2 * kSecond), {1, 1});
    LaneLedger& ledger = *owned;
    const auto granted = GrantAll(ledger, 2, 0);
    ASSERT_THAT(granted[0], testing::ElementsAre(0, 2, 4, 6, 8, 11, 13, 15, 17, 19));
    ASSERT_TRUE(ledger.Close(0, {.held = {{2, 1, 1}}}, kSecond).ok());
    EXPECT_FALSE(ledger.Close(0, row.closing, kSecond).ok());
    std::vector<uint64_t> rest = granted[0];
    std::erase(rest, 2u);
    EXPECT_TRUE(ledger.Close(0, {.held = Runs(rest)}, kSecond).ok()) << "nothing may have changed";
    EXPECT_FALSE(ledger.complete());
    EXPECT_TRUE(ledger.Close(1, {.held = Runs(granted[1])}, kSecond).ok());
    EXPECT_TRUE(ledger.complete());
  }
}

TEST(LaneLedger, OneAgentIsGrantedAndReportsWholeRanges) {
  const auto ledger = Make(Arrivals(1'000'000'000 * kNano, 0, 3'600 * kSecond), {64});
  const std::vector<Ledger::Granted> granted = ledger->Grant(0, 0);
  ASSERT_EQ(granted.size(), 5u);
  EXPECT_EQ(granted[1].span, (Span{1'000'000'000, 1, 1'000'000'000}));
  EXPECT_TRUE(ledger->Close(0, {.held = {{0, 1, 4'000'000'000}}}, kSecond).ok());
  EXPECT_FALSE(ledger->Close(0, {.held = {{3'999'999'999, 1, 2}}}, kSecond).ok());
}

TEST(LaneLedger, ALaneIsReportedAsOneRunHoweverLong) {
  const auto ledger = Make(Arrivals(1'000'000'000 * kNano, 0, 3'600 * kSecond), {1, 1});
  ASSERT_EQ(ledger->Grant(0, 0).front().span, (Span{0, 2, 500'000'000}));
  EXPECT_TRUE(ledger->Close(0, {.held = {{0, 2, 400'000'000}}}, kSecond).ok());
  EXPECT_FALSE(ledger->Close(0, {.held = {{799'999'998, 2, 2}}}, kSecond).ok());
  EXPECT_TRUE(ledger->Close(0, {.held = {{800'000'000, 2, 100'000'000}}}, kSecond).ok());
}

// Who is granted each number of a rate of 8 from one second to another, as a letter.
std::string OwnersFrom(LaneLedger& ledger, size_t agents, Nanos second) {
  std::map<uint64_t, char> owners;
  const auto granted = GrantAll(ledger, agents, second - kHold);
  for (size_t i = 0; i < granted.size(); ++i) {
    for (const uint64_t number : granted[i]) owners[number] = static_cast<char>('A' + i);
  }
  std::string order;
  for (const auto& [number, owner] : owners) order += owner;
  return order;
}

TEST(LaneLedger, WhoComesGoesOrChangesDoesSoFromTheNextSecondOn) {
  const auto ledger = Make(Arrivals(8 * kNano, 0, 60 * kSecond), {1, 1});
  EXPECT_EQ(OwnersFrom(*ledger, 2, 0), "ABABABAB");
  ledger->Join({.weight = 2});
  EXPECT_EQ(OwnersFrom(*ledger, 3, 1 * kSecond), "ABCCABCC") << "C A B C, from the second on";
  ledger->Leave(0);
  EXPECT_EQ(OwnersFrom(*ledger, 3, 2 * kSecond), "CCBCCBCC");
  ledger->Change(1, {.weight = 2});
  EXPECT_EQ(OwnersFrom(*ledger, 3, 3 * kSecond), "CBCBCBCB");
  ledger->Return(0);
  ledger->Lose(2, 0);
  const auto again = NumbersOf(ledger->Grant(0, 3 * kSecond - kHold));
  EXPECT_FALSE(again.empty());
}

TEST(LaneLedger, WhatALostAgentHadIsDealtOutInTurnsTheSmallestFirst) {
  // Lanes A B C, then B C A, then C A B; 6 numbers a second.
  const auto ledger = Make(Arrivals(6 * kNano, 0, 60 * kSecond), {1, 1, 1});
  const auto granted = GrantAll(*ledger, 3, 2 * kSecond - kHold);
  ASSERT_THAT(granted[2], testing::ElementsAre(2, 5, 7, 10, 12, 15));
  ASSERT_TRUE(ledger->Close(2, {.held = Runs({2})}, kSecond).ok());

  const Ledger::Loss loss = ledger->Lose(2, kSecond + kMillisecond);
  EXPECT_EQ(loss.again, 5u);
  EXPECT_EQ(loss.possibly_repeated, 1u) << "5: the others were not due by then";
  EXPECT_FALSE(ledger->Close(2, {.held = Runs({5})}, kSecond).ok()) << "no longer its own";

  const std::vector<Ledger::Granted> first = ledger->Grant(0, 2 * kSecond - kHold);
  EXPECT_THAT(NumbersOf(first), testing::ElementsAre(5, 12, 15));
  const std::vector<Ledger::Granted> second = ledger->Grant(1, 2 * kSecond - kHold);
  EXPECT_THAT(NumbersOf(second), testing::ElementsAre(7, 10));
  for (const auto& [span, again] : first) EXPECT_TRUE(again);
  EXPECT_TRUE(ledger->Close(0, {.held = Runs({5, 12, 15})}, kSecond).ok());
  EXPECT_TRUE(ledger->Close(1, {.held = Runs({7, 10})}, kSecond).ok());
}

TEST(LaneLedger, WhatWasDealtToOneThatLeavesGoesToOthersAndIsNotRepeated) {
  const auto ledger = Make(Arrivals(6 * kNano, 6, 0), {1, 1, 1});
  EXPECT_THAT(NumbersOf(ledger->Grant(0, 0)), testing::ElementsAre(0, 3));
  EXPECT_FALSE(ledger->exhausted());
  ledger->Leave(1);
  const Ledger::Loss loss = ledger->Lose(2, 60 * kSecond);
  EXPECT_EQ(loss.again, 0u);
  EXPECT_EQ(loss.possibly_repeated, 0u);
  const std::vector<Ledger::Granted> granted = ledger->Grant(0, 0);
  EXPECT_THAT(NumbersOf(granted), testing::ElementsAre(1, 4, 2, 5));
  for (const auto& [span, again] : granted) EXPECT_FALSE(again) << "nobody had it";
  EXPECT_TRUE(ledger->exhausted());
}

TEST(LaneLedger, WhatIsLostWithNobodyThereWaitsForSomebody) {
  const auto ledger = Make(Arrivals(10 * kNano, 100, 0), {1, 1});
  const auto granted = GrantAll(*ledger, 2, 0);
  ASSERT_EQ(granted[0].size(), 25u);
  ledger->Leave(1);
  ledger->Lose(0, 0);
  for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(ledger->Grant(i, 60 * kSecond).empty());
  ledger->Return(1);
  EXPECT_EQ(NumbersOf(ledger->Grant(1, 60 * kSecond)).size(), 75u) << "and what was not made";
  EXPECT_TRUE(ledger->exhausted());
}

}  // namespace
}  // namespace squall
