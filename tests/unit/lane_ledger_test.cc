#include "controller/lane_ledger.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

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

std::vector<uint64_t> NumbersOf(const std::vector<Span>& spans) {
  std::vector<uint64_t> numbers;
  for (const Span& span : spans) {
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

std::vector<NumberRun> Runs(std::vector<uint64_t> numbers) { return *ToRuns(numbers); }

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
    EXPECT_EQ(LaneLedger(Arrivals(row.rate_nano, row.requests, row.duration), 1, {1}).total(),
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
    LaneLedger ledger(phase, seed, weights);
    Schedule schedule(phase.arrivals(), seed);
    std::vector<uint64_t> all;
    std::vector<uint64_t> share(weights.size());
    for (Nanos now = -3 * kSecond; now < 40 * kSecond; now += kSecond) {
      const auto granted = GrantAll(ledger, weights.size(), now);
      for (size_t i = 0; i < granted.size(); ++i) {
        all.insert(all.end(), granted[i].begin(), granted[i].end());
        share[i] += granted[i].size();
      }
      const Nanos ahead = now + LaneLedger::kAhead;
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
  LaneLedger ledger(Arrivals(8 * kNano, 0, 3 * kSecond), 1, {2, 4, 2});
  const auto granted = GrantAll(ledger, 3, 0);
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

TEST(LaneLedger, ClosesEveryNumberOnceInAnyInterleaving) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::vector<uint32_t> weights(1 + random() % 4);
    for (uint32_t& weight : weights) weight = static_cast<uint32_t>(1 + random() % 5);
    LaneLedger ledger(Arrivals(500 * kNano, 0, 5 * kSecond, v1::ARRIVAL_PROCESS_POISSON), seed,
                      weights);
    auto open = GrantAll(ledger, weights.size(), 5 * kSecond);
    while (!ledger.complete()) {
      const size_t agent = random() % weights.size();
      std::vector<uint64_t>& numbers = open[agent];
      std::shuffle(numbers.begin(), numbers.end(), random);
      std::vector<uint64_t> parts[3];
      for (auto& part : parts) {
        const size_t count = std::min<size_t>(numbers.size(), random() % 200);
        part.assign(numbers.end() - static_cast<ptrdiff_t>(count), numbers.end());
        numbers.resize(numbers.size() - count);
      }
      ASSERT_TRUE(
          ledger.Close(agent, {Runs(parts[0]), Runs(parts[1]), Runs(parts[2])}, kSecond).ok());
    }
    for (const auto& numbers : open) EXPECT_TRUE(numbers.empty());
  }
}

TEST(LaneLedger, RefusesNumbersThatAreNotTheAgents) {
  struct Row {
    const char* name;
    Closing closing;
  };
  // Lanes: A B in the first second, B A in the next. A has reported 2.
  const Row rows[] = {
      {"another agent's", {.held = {{1, 1}}}},
      {"another agent's in the next second", {.held = {{10, 1}}}},
      {"over another agent's", {.held = {{0, 2}}}},
      {"never granted", {.held = {{1'000, 1}}}},
      {"reported before", {.held = {{2, 1}}}},
      {"dropped, but reported before", {.dropped = {{2, 1}}}},
      {"unsent, but reported before", {.unsent = {{2, 1}}}},
      {"held and dropped", {.held = {{4, 1}}, .dropped = {{4, 1}}}},
      {"dropped and unsent", {.dropped = {{4, 1}}, .unsent = {{4, 1}}}},
      {"one good, one bad", {.held = {{4, 1}, {5, 1}}}},
      {"so long that it wraps", {.held = {{4, UINT64_MAX - 1}}}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    LaneLedger ledger(Arrivals(10 * kNano, 0, 2 * kSecond), 1, {1, 1});
    const auto granted = GrantAll(ledger, 2, 0);
    ASSERT_THAT(granted[0], testing::ElementsAre(0, 2, 4, 6, 8, 11, 13, 15, 17, 19));
    ASSERT_TRUE(ledger.Close(0, {.held = {{2, 1}}}, kSecond).ok());
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
  LaneLedger ledger(Arrivals(1'000'000'000 * kNano, 0, 3'600 * kSecond), 1, {64});
  const std::vector<Span> spans = ledger.Grant(0, 0);
  ASSERT_EQ(spans.size(), 5u);
  EXPECT_EQ(spans[1], (Span{1'000'000'000, 1, 1'000'000'000}));
  EXPECT_TRUE(ledger.Close(0, {.held = {{0, 4'000'000'000}}}, kSecond).ok());
  EXPECT_FALSE(ledger.Close(0, {.held = {{3'999'999'999, 2}}}, kSecond).ok());
}

}  // namespace
}  // namespace squall
