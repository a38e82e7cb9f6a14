#include "controller/coverage.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace squall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using OpenPass = CoverageResult::OpenPass;

constexpr v1::Order kOrders[] = {v1::ORDER_SEQUENTIAL, v1::ORDER_SHUFFLED, v1::ORDER_RANDOM};
constexpr uint64_t kSeed = 7;

CoverageResult Of(const std::vector<std::vector<Span>>& snapshots, v1::Order order,
                  uint64_t entries) {
  Coverage coverage(order, kSeed, entries);
  for (const std::vector<Span>& held : snapshots) coverage.Add(held);
  return std::move(coverage).Finish();
}

// What is true of the numbers, by counting each.
struct Model {
  Model(const std::vector<uint64_t>& numbers, v1::Order order, uint64_t entries) : times(entries) {
    const Sequence sequence(order, kSeed, entries);
    for (const uint64_t n : numbers) {
      ++times[sequence.Index(n)];
      ++passes[n / entries];
    }
    for (uint64_t pass = 0; !passes.empty() && pass <= passes.rbegin()->first; ++pass) {
      if (passes[pass] == entries) {
        ++whole;
      } else {
        open.push_back({pass, 1, passes[pass]});
      }
    }
  }

  uint64_t least() const { return *std::min_element(times.begin(), times.end()); }
  uint64_t most() const { return *std::max_element(times.begin(), times.end()); }

  std::vector<uint64_t> times;  // by entry
  std::map<uint64_t, uint64_t> passes;
  uint64_t whole = 0;
  std::vector<OpenPass> open;
};

void ExpectReached(const CoverageResult& result, const Model& model) {
  const auto entries = static_cast<uint64_t>(model.times.size());
  EXPECT_EQ(result.listed, entries);
  const auto zero = static_cast<uint64_t>(std::count(model.times.begin(), model.times.end(), 0u));
  EXPECT_EQ(result.distinct, entries - zero);
  EXPECT_EQ(result.missed(), zero);
  EXPECT_EQ(result.reached.empty(), zero == 0);
  for (size_t entry = 0; entry < result.reached.size(); ++entry) {
    EXPECT_EQ(result.reached[entry], model.times[entry] != 0) << entry;
  }
  EXPECT_EQ(result.times_least.value_or(model.least()), model.least());
  EXPECT_EQ(result.times_most.value_or(model.most()), model.most());
}

// The numbers as several agents name them, each in several snapshots: runs of strides of their own.
std::vector<std::vector<Span>> Snapshots(const std::vector<uint64_t>& numbers,
                                         std::mt19937_64& random) {
  const size_t count = 1 + random() % 6;
  std::vector<std::vector<uint64_t>> parts(count);
  // Neighbours go together, more or less.
  const uint64_t piece = 1 + random() % 50;
  for (const uint64_t n : numbers)
    parts[(n / piece * 2654435761u + n % 3 / 2) % count].push_back(n);
  std::vector<std::vector<Span>> snapshots;
  for (std::vector<uint64_t>& part : parts) {
    const uint64_t stride = random() % 2 == 0 ? 1 : 1 + random() % 9;
    snapshots.push_back(*ToRuns(part, stride));
  }
  std::shuffle(snapshots.begin(), snapshots.end(), random);
  return snapshots;
}

// Numbers below `end`, without some of them.
std::vector<uint64_t> WithHoles(uint64_t end, std::mt19937_64& random) {
  const uint64_t one_in = random() % 3 == 0 ? 0 : 1 + random() % 200;
  std::vector<uint64_t> numbers;
  for (uint64_t n = 0; n < end; ++n) {
    if (one_in == 0 || random() % one_in != 0) numbers.push_back(n);
  }
  return numbers;
}

TEST(Coverage, IsWhatCountingEachGives) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    const uint64_t entries = round % 4 == 0 ? 1 + random() % 5 : 1 + random() % 300;
    const v1::Order order = kOrders[random() % 3];
    const std::vector<uint64_t> numbers = WithHoles(random() % (entries * 6), random);
    SCOPED_TRACE(absl::StrCat(round, ": ", numbers.size(), " numbers, ", entries, " entries, ",
                              v1::Order_Name(order)));
    const Model model(numbers, order, entries);
    const CoverageResult result = Of(Snapshots(numbers, random), order, entries);
    ExpectReached(result, model);
    if (order == v1::ORDER_RANDOM) {
      EXPECT_FALSE(result.whole_passes);
      EXPECT_THAT(result.open_passes, IsEmpty());
    } else {
      EXPECT_THAT(result.whole_passes, Optional(model.whole));
      EXPECT_EQ(result.open_passes, model.open);
      if (model.open.size() <= 1) {
        EXPECT_TRUE(result.times_least) << "it is known";
        EXPECT_TRUE(result.times_most) << "it is known";
      }
    }
    if (HasFailure()) return;
  }
}

// More passes at once than are counted each by itself.
TEST(Coverage, IsRightWhereManyPassesAreNotWhole) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 60; ++round) {
    const uint64_t entries = 1 + random() % 4;
    const v1::Order order = kOrders[random() % 2];
    const uint64_t end = Coverage::kMostOpen * entries * (1 + random() % 5) + random() % 1000;
    const std::vector<uint64_t> numbers = WithHoles(end, random);
    SCOPED_TRACE(absl::StrCat(round, ": ", numbers.size(), " of ", end, ", ", entries, " entries"));
    const Model model(numbers, order, entries);
    const CoverageResult result = Of(Snapshots(numbers, random), order, entries);
    ExpectReached(result, model);
    ASSERT_TRUE(result.whole_passes);
    EXPECT_LE(*result.whole_passes, model.whole);
    if (numbers.size() == end) {
      EXPECT_EQ(*result.whole_passes, model.whole);
      EXPECT_EQ(result.open_passes, model.open);
    }
    uint64_t passes = *result.whole_passes + result.more_open_passes;
    for (const OpenPass& open : result.open_passes) {
      passes += open.passes;
      uint64_t held = 0;
      for (uint64_t i = 0; i < open.passes; ++i) {
        const auto found = model.passes.find(open.pass + i);
        held += found == model.passes.end() ? 0 : found->second;
      }
      EXPECT_EQ(open.held, held) << "from pass " << open.pass;
    }
    EXPECT_EQ(passes, numbers.empty() ? 0 : numbers.back() / entries + 1);
    if (HasFailure()) return;
  }
}

// The last pass is whole when passes come to be counted by twos, and the one after it has not
// begun.
TEST(Coverage, IsRightWhereTheLastPassIsWholeAndItsPartnerIsNot) {
  const uint64_t passes = Coverage::kMostOpen - 2;
  const CoverageResult result =
      Of({{{0, 2, passes}}, {{passes * 2, 1, 2}}, {{(passes + 3) * 2, 1, 1}}}, v1::ORDER_SEQUENTIAL,
         2);
  EXPECT_THAT(result.whole_passes, Optional(0u)) << "one is, but it was not counted by itself";
  EXPECT_THAT(result.open_passes.front(), (OpenPass{0, 2, 2}));
  EXPECT_THAT(result.open_passes.back(), (OpenPass{passes + 2, 2, 1}));
  const size_t listed = result.open_passes.size() * 2;
  EXPECT_EQ(listed + result.more_open_passes, passes + 4);
}

TEST(Coverage, OfNothing) {
  for (const v1::Order order : kOrders) {
    const CoverageResult result = Of({}, order, 3);
    EXPECT_EQ(result.distinct, 0u);
    EXPECT_EQ(result.missed(), 3u);
    EXPECT_THAT(result.times_least, Optional(0u));
    EXPECT_THAT(result.times_most, Optional(0u));
    EXPECT_THAT(result.reached, ElementsAre(false, false, false));
  }
}

TEST(Coverage, OfOneNumberFarAway) {
  const uint64_t far = (uint64_t{1} << 62) + 5;
  for (const uint64_t entries : {uint64_t{1}, uint64_t{7}, uint64_t{1} << 20}) {
    const CoverageResult result = Of({{{far, 1, 1}}}, v1::ORDER_SHUFFLED, entries);
    EXPECT_EQ(result.distinct, 1u);
    EXPECT_THAT(result.times_least, Optional(entries == 1 ? 1u : 0u));
    EXPECT_THAT(result.times_most, Optional(1u));
  }
}

// Billions of passes in no time: nothing is done for each number.
TEST(Coverage, OfManyWholePasses) {
  const uint64_t passes = uint64_t{1} << 50;
  const CoverageResult result =
      Of({{{0, 1, 10}}, {{13, 1, passes * 10 - 13}}, {{10, 1, 3}}}, v1::ORDER_SHUFFLED, 10);
  EXPECT_THAT(result.whole_passes, Optional(passes));
  EXPECT_THAT(result.open_passes, IsEmpty());
  EXPECT_THAT(result.times_least, Optional(passes));
  EXPECT_THAT(result.times_most, Optional(passes));
}

TEST(Coverage, ListsTheFirstOpenPassesAndTheLast) {
  std::vector<Span> held;
  for (uint64_t pass = 0; pass < 20; ++pass) held.push_back({pass * 3, 1, pass == 5 ? 3u : 2u});
  const CoverageResult result = Of({held}, v1::ORDER_SEQUENTIAL, 3);
  EXPECT_THAT(result.whole_passes, Optional(1u));
  ASSERT_EQ(result.open_passes.size(), Coverage::kMostListed + 1);
  EXPECT_EQ(result.open_passes[5], (OpenPass{6, 1, 2}));
  EXPECT_EQ(result.more_open_passes, 20 - 1 - result.open_passes.size());
}

}  // namespace
}  // namespace squall
