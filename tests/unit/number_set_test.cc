#include "controller/number_set.h"

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {

static void PrintTo(const NumberRun& run, std::ostream* out) {
  *out << run.first << "+" << run.count;
}

namespace {

using Runs = std::vector<NumberRun>;

constexpr size_t kMany = 1'000'000;

std::vector<NumberRun> RunsOf(const std::set<uint64_t>& numbers) {
  Runs runs;
  for (const uint64_t number : numbers) {
    if (!runs.empty() && runs.back().first + runs.back().count == number) {
      ++runs.back().count;
    } else {
      runs.push_back({number, 1});
    }
  }
  return runs;
}

TEST(NumberSet, Examples) {
  struct Row {
    std::string name;
    std::vector<Span> added;
    Runs want;
  };
  const uint64_t top = (uint64_t{1} << 63) - 1;
  const std::vector<Row> rows = {
      {"nothing", {}, {}},
      {"an empty span", {{5, 1, 0}}, {}},
      {"one", {{5, 1, 1}}, {{5, 1}}},
      {"neighbours become one", {{0, 1, 5}, {10, 1, 5}, {5, 1, 5}}, {{0, 15}}},
      {"a hole stays", {{0, 1, 5}, {6, 1, 5}}, {{0, 5}, {6, 5}}},
      {"twice is once", {{0, 1, 5}, {3, 1, 5}, {0, 1, 8}}, {{0, 8}}},
      {"two lanes are whole together", {{0, 2, 5000}, {1, 2, 5000}}, {{0, 10000}}},
      {"a lane alone", {{1, 3, 3}}, {{1, 1}, {4, 1}, {7, 1}}},
      {"whole blocks", {{0, 1, 4096}, {4096, 1, 4096}}, {{0, 8192}}},
      {"whole blocks over holes", {{0, 5000, 3}, {0, 1, 12288}}, {{0, 12288}}},
      {"whole blocks twice, and between", {{4096, 1, 4096}, {0, 1, 16384}}, {{0, 16384}}},
      {"full blocks apart", {{0, 1, 4096}, {8192, 1, 4096}}, {{0, 4096}, {8192, 4096}}},
      {"wide strides", {{7, 100'000, 3}}, {{7, 1}, {100'007, 1}, {200'007, 1}}},
      {"more than memory holds", {{0, 1, uint64_t{1} << 62}}, {{0, uint64_t{1} << 62}}},
      {"the last number", {{top, 1, 1}}, {{top, 1}}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    NumberSet set;
    for (const Span& span : row.added) set.Add(span);
    EXPECT_EQ(set.Runs(kMany), row.want);
  }
}

TEST(NumberSet, IsTheSetOfWhatWasAdded) {
  std::mt19937 random(7);
  const auto below = [&random](uint64_t end) {
    return std::uniform_int_distribution<uint64_t>(0, end - 1)(random);
  };
  for (int round = 0; round < 200; ++round) {
    NumberSet set;
    std::set<uint64_t> model;
    for (uint64_t spans = below(30); spans > 0; --spans) {
      const Span span = {below(30'000), round % 2 == 0 ? 1 : 1 + below(300), below(6'000)};
      set.Add(span);
      for (uint64_t i = 0; i < span.count; ++i) model.insert(span.first + i * span.stride);
    }
    ASSERT_EQ(set.Runs(kMany), RunsOf(model)) << "round " << round;
  }
}

TEST(NumberSet, TellsNoMoreRunsThanAsked) {
  NumberSet set;
  set.Add({0, 2, 10});
  EXPECT_EQ(set.Runs(9), std::nullopt);
  EXPECT_TRUE(set.Runs(10).has_value());
}

TEST(NumberSet, ForgetsAllWhereThereAreTooManyHoles) {
  NumberSet set(/*most_partial=*/3);
  set.Add({0, 4096, 3});
  EXPECT_TRUE(set.Runs(kMany).has_value());
  set.Add({0, 1, 8192});
  set.Add({1'000'000, 4096, 2});
  EXPECT_TRUE(set.Runs(kMany).has_value()) << "full blocks are none with holes";
  set.Add({2'000'000, 1, 1});
  EXPECT_EQ(set.Runs(kMany), std::nullopt);
  set.Add({0, 1, 1});
  EXPECT_EQ(set.Runs(kMany), std::nullopt) << "and does not begin anew";
}

}  // namespace
}  // namespace squall
