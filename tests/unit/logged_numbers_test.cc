#include "controller/logged_numbers.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using Before = LoggedNumbers::Before;
using ::testing::ElementsAre;
using ::testing::Pair;

TEST(LoggedNumbers, SaysHowOftenANumberHadCome) {
  LoggedNumbers numbers(10);
  EXPECT_EQ(numbers.Add(7), Before::kNever);
  EXPECT_EQ(numbers.Add(7), Before::kOnce);
  EXPECT_EQ(numbers.Add(7), Before::kMoreOften);
  EXPECT_EQ(numbers.Add(7), Before::kMoreOften);
  EXPECT_EQ(numbers.Add(71), Before::kNever) << "in the same word of the next block";
  EXPECT_EQ(numbers.Add(7 + 4096), Before::kNever);
  EXPECT_EQ(numbers.distinct(), 3u);
  EXPECT_EQ(numbers.repeated(), 1u);
}

TEST(LoggedNumbers, TakesNoMoreMemoryThanItMay) {
  LoggedNumbers numbers(2);
  EXPECT_EQ(numbers.Add(0), Before::kNever);
  EXPECT_EQ(numbers.Add(uint64_t{1} << 62), Before::kNever);
  EXPECT_EQ(numbers.Add(5'000), Before::kNoRoom);
  EXPECT_EQ(numbers.Add(1), Before::kNever) << "where there is room";
  EXPECT_EQ(numbers.distinct(), 3u);
}

TEST(LoggedNumbers, ACensusOfARunNobodyCouldCountCostsNothing) {
  LoggedNumbers numbers(10);
  numbers.Add(3);
  const auto census = numbers.Of({{0, uint64_t{1} << 61}, {uint64_t{1} << 62, uint64_t{1} << 62}});
  EXPECT_EQ(census.never, (uint64_t{1} << 61) + (uint64_t{1} << 62) - 1);
  EXPECT_EQ(census.once, 1u);
  EXPECT_THAT(census.first_never, ElementsAre(0, 1, 2, 4, 5, 6, 7, 8, 9, 10));
}

TEST(LoggedNumbers, AreThoseOfAModel) {
  std::mt19937 random(11);
  const auto below = [&random](uint64_t end) {
    return std::uniform_int_distribution<uint64_t>(0, end - 1)(random);
  };
  for (int round = 0; round < 300; ++round) {
    const uint64_t range = 1 + below(20'000);
    LoggedNumbers numbers(100);
    std::map<uint64_t, uint64_t> model;
    for (uint64_t lines = below(3'000); lines > 0; --lines) {
      const uint64_t number = below(range);
      numbers.Add(number);
      ++model[number];
    }
    std::vector<NumberRun> runs;
    LoggedNumbers::Census want;
    for (uint64_t first = below(300); first < range + 10'000; first += 1 + below(9'000)) {
      runs.push_back({first, 1 + below(9'000)});
      for (uint64_t n = first; n < first + runs.back().count; ++n) {
        const auto found = model.find(n);
        ++(found == model.end() ? want.never : found->second == 1 ? want.once : want.more_often);
        if (found == model.end() && want.first_never.size() < SmallestNumbers::kMost) {
          want.first_never.push_back(n);
        }
      }
      first += runs.back().count;
    }
    const auto census = numbers.Of(runs);
    ASSERT_EQ(census.never, want.never) << "round " << round;
    ASSERT_EQ(census.once, want.once);
    ASSERT_EQ(census.more_often, want.more_often);
    ASSERT_EQ(census.first_never, want.first_never);
    ASSERT_EQ(numbers.distinct(), model.size());
  }
}

TEST(SmallestNumbers, KeepsTheSmallestAndCountsThem) {
  SmallestNumbers numbers;
  for (uint64_t n = 30; n > 0; --n) numbers.Tell(n, 2);
  numbers.Again(1);
  numbers.Again(20);
  EXPECT_EQ(numbers.times().size(), SmallestNumbers::kMost);
  EXPECT_EQ(numbers.times().at(1), 3u);
  EXPECT_EQ(numbers.times().at(10), 2u);
  EXPECT_FALSE(numbers.times().contains(11));
  SmallestNumbers few;
  few.Tell(9, 1);
  EXPECT_THAT(few.times(), ElementsAre(Pair(9, 1)));
}

}  // namespace
}  // namespace squall
