#include "agent/pending_numbers.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace squall {
namespace {

PendingNumbers Make(const std::vector<Span>& spans) {
  PendingNumbers numbers;
  for (const Span& span : spans) numbers.Add(span);
  return numbers;
}

std::vector<uint64_t> PopAll(PendingNumbers& numbers) {
  std::vector<uint64_t> popped;
  for (; !numbers.empty(); numbers.PopFirst()) popped.push_back(numbers.First());
  return popped;
}

TEST(PendingNumbers, ComeOutInRisingOrder) {
  const struct {
    std::string name;
    std::vector<Span> spans;
    std::vector<uint64_t> want;
  } kCases[] = {
      {"nothing", {}, {}},
      {"an empty span", {{5, 1, 0}}, {}},
      {"one span", {{5, 1, 3}}, {5, 6, 7}},
      {"lanes", {{0, 3, 3}, {2, 3, 2}}, {0, 2, 3, 5, 6}},
      {"lanes of different strides", {{1, 10, 3}, {2, 4, 5}}, {1, 2, 6, 10, 11, 14, 18, 21}},
      {"the later one first", {{100, 1, 2}, {5, 1, 2}}, {5, 6, 100, 101}},
      {"the largest",
       {{(uint64_t{1} << 63) - 2, 1, 2}},
       {(uint64_t{1} << 63) - 2, (uint64_t{1} << 63) - 1}},
  };
  for (const auto& c : kCases) {
    PendingNumbers numbers = Make(c.spans);
    EXPECT_EQ(numbers.count(), c.want.size()) << c.name;
    EXPECT_EQ(PopAll(numbers), c.want) << c.name;
    EXPECT_EQ(numbers.count(), 0u) << c.name;
  }
}

TEST(PendingNumbers, RunsAreAsFewAsPossible) {
  const struct {
    std::string name;
    std::vector<Span> spans;
    uint64_t stride;
    std::vector<NumberRun> want;
  } kCases[] = {
      {"nothing", {}, 3, {}},
      {"neighbours", {{0, 2, 3}, {1, 2, 2}, {9, 4, 2}}, 1, {{0, 5}, {9, 1}, {13, 1}}},
      {"spans that touch", {{10, 1, 5}, {0, 1, 10}}, 1, {{0, 15}}},
      {"lanes in each other", {{1, 4, 3}, {0, 4, 5}}, 4, {{0, 5}, {1, 3}}},
      {"a lane in two pieces", {{12, 4, 2}, {0, 4, 3}}, 4, {{0, 5}}},
      {"another distance", {{0, 1, 5}, {5, 2, 2}}, 2, {{0, 3}, {1, 4}}},
  };
  for (const auto& c : kCases) {
    PendingNumbers numbers = Make(c.spans);
    EXPECT_EQ(numbers.TakeRuns(c.stride), c.want) << c.name;
    EXPECT_TRUE(numbers.empty()) << c.name;
    EXPECT_EQ(numbers.count(), 0u) << c.name;
  }
}

// Disjoint spans: lanes of a few stretches.
std::vector<Span> RandomSpans(std::mt19937_64& random) {
  std::vector<Span> spans;
  uint64_t first = 0;
  for (uint64_t stretch = random() % 4; stretch > 0; --stretch) {
    const uint64_t stride = 1 + random() % 5;
    const uint64_t count = random() % 10;
    first += random() % 3;
    for (uint64_t lane = 0; lane < stride; ++lane) {
      if (random() % 2 == 0) spans.push_back({first + lane, stride, count});
    }
    first += stride * count;
  }
  std::shuffle(spans.begin(), spans.end(), random);
  return spans;
}

TEST(PendingNumbers, AgreeWithASortedList) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2'000; ++round) {
    PendingNumbers numbers = Make(RandomSpans(random));
    PendingNumbers copy = numbers;
    const std::vector<uint64_t> all = PopAll(copy);
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(numbers.Nth(i, all[i] + 1), all[i]);
      EXPECT_EQ(numbers.Nth(i, uint64_t{1} << 63), all[i]);
    }

    const uint64_t bound = random() % 80;
    const auto middle = std::lower_bound(all.begin(), all.end(), bound);
    EXPECT_EQ(numbers.CountBelow(bound), static_cast<uint64_t>(middle - all.begin()));
    PendingNumbers below;
    numbers.MoveBelow(bound, below);
    EXPECT_EQ(numbers.count() + below.count(), all.size());
    EXPECT_EQ(PopAll(below), std::vector<uint64_t>(all.begin(), middle));
    EXPECT_EQ(PopAll(numbers), std::vector<uint64_t>(middle, all.end()));
  }
}

}  // namespace
}  // namespace squall
