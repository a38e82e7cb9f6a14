#include "common/span.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace squall {

void PrintTo(const Span& span, std::ostream* out) {
  *out << span.first << "+" << span.count << "*" << span.stride;
}

namespace {

constexpr uint64_t kEnd = uint64_t{1} << 63;

std::vector<uint64_t> NumbersOf(const std::vector<Span>& runs) {
  std::vector<uint64_t> numbers;
  for (const Span& run : runs) {
    for (uint64_t i = 0; i < run.count; ++i) numbers.push_back(run.first + i * run.stride);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST(SpanTest, NumbersBecomeTheFewestRuns) {
  const struct {
    const char* name;
    uint64_t stride;
    std::vector<uint64_t> numbers;
    std::vector<Span> runs;
  } kCases[] = {
      {"none", 1, {}, {}},
      {"none at a distance", 7, {}, {}},
      {"only 0", 1, {0}, {{0, 1, 1}}},
      {"neighbours", 1, {4, 5, 6}, {{4, 1, 3}}},
      {"unordered", 1, {6, 4, 5, 0}, {{0, 1, 1}, {4, 1, 3}}},
      {"holes of one", 1, {1, 3, 5}, {{1, 1, 1}, {3, 1, 1}, {5, 1, 1}}},
      {"up to the largest", 1, {kEnd - 1, kEnd - 2, 0}, {{0, 1, 1}, {kEnd - 2, 1, 2}}},
      {"a lane", 10, {23, 3, 13}, {{3, 10, 3}}},
      {"two lanes in each other", 10, {3, 5, 13, 15, 25}, {{3, 10, 2}, {5, 10, 3}}},
      {"two lanes beside each other", 10, {9, 10, 19, 20}, {{9, 10, 2}, {10, 10, 2}}},
      {"a lane with a hole", 10, {3, 13, 33}, {{3, 10, 2}, {33, 10, 1}}},
      {"neighbours in lanes", 3, {0, 1, 2, 3}, {{0, 3, 2}, {1, 3, 1}, {2, 3, 1}}},
      {"the last of a lane and the first of the next",
       3,
       {9, 1, 2},
       {{1, 3, 1}, {2, 3, 1}, {9, 3, 1}}},
      {"a lane up to the largest", 2, {kEnd - 1, kEnd - 3}, {{kEnd - 3, 2, 2}}},
      {"the longest distance", kEnd - 1, {0, kEnd - 1, 1}, {{0, kEnd - 1, 2}, {1, kEnd - 1, 1}}},
  };
  for (const auto& test : kCases) {
    std::vector<uint64_t> numbers = test.numbers;
    const auto runs = ToRuns(numbers, test.stride);
    ASSERT_TRUE(runs.ok()) << test.name << runs.status();
    EXPECT_EQ(*runs, test.runs) << test.name;
    const auto decoded = RunsFromProto(RunsToProto(*runs));
    ASSERT_TRUE(decoded.ok()) << test.name << decoded.status();
    EXPECT_EQ(*decoded, test.runs) << test.name;
  }
}

TEST(SpanTest, RunsNameExactlyTheNumbersAlsoOverTheWire) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<uint64_t> truth;
    uint64_t number = random() % 3;
    const uint64_t density = 1 + random() % 5;
    const uint64_t step = 1 + random() % 4;
    const uint64_t stride = 1 + random() % 12;
    for (uint64_t i = random() % 1000; i > 0; --i) {
      truth.push_back(number);
      number += random() % density == 0 ? 1 + random() % 300 : step;
    }
    std::vector<uint64_t> numbers = truth;
    std::shuffle(numbers.begin(), numbers.end(), random);
    v1::Runs proto;
    ASSERT_TRUE(proto.ParseFromString(RunsToProto(*ToRuns(numbers, stride)).SerializeAsString()));
    const auto runs = RunsFromProto(proto);
    ASSERT_TRUE(runs.ok()) << runs.status();
    ASSERT_EQ(NumbersOf(*runs), truth) << seed;
    for (const Span& run : *runs) {
      ASSERT_EQ(run.stride, stride);
      ASSERT_FALSE(std::binary_search(truth.begin(), truth.end(), run.first + run.count * stride))
          << "runs that touch, seed " << seed;
    }
  }
}

TEST(SpanTest, NoRunsNameANumberTwice) {
  for (std::vector<uint64_t> numbers :
       {std::vector<uint64_t>{3, 1, 2, 1}, {0, 0}, {kEnd - 1, 5, kEnd - 1}}) {
    for (const uint64_t stride : {uint64_t{1}, uint64_t{2}, uint64_t{1'000}, kEnd - 1}) {
      std::vector<uint64_t> copy = numbers;
      EXPECT_TRUE(absl::IsInvalidArgument(ToRuns(copy, stride).status()))
          << numbers.front() << " " << stride;
    }
  }
}

TEST(SpanTest, DecodeRefusesWhatNoRunsEncode) {
  const struct {
    const char* name;
    uint64_t stride;
    std::vector<uint64_t> gaps;
    std::vector<uint64_t> counts;
    bool accepted;
  } kCases[] = {
      {"none", 0, {}, {}, true},
      {"from 0", 1, {0, 2}, {1, 1}, true},
      {"all numbers there are", 1, {0}, {kEnd}, true},
      {"the largest number", 1, {kEnd - 1}, {1}, true},
      {"lanes in each other", 10, {3, 2}, {5, 5}, true},
      {"neighbours in lanes", 10, {3, 1}, {5, 5}, true},
      {"the longest lane", 2, {1}, {kEnd / 2}, true},
      {"the longest distance", kEnd - 1, {0, 1}, {2, 1}, true},
      {"no stride", 0, {5}, {1}, false},
      {"a stride of no runs", 1, {}, {}, false},
      {"a stride of 2^63", kEnd, {0}, {1}, false},
      {"one gap too many", 1, {0, 2}, {1}, false},
      {"one count too many", 1, {0}, {1, 1}, false},
      {"empty run", 1, {5, 1}, {0, 1}, false},
      {"the same number again", 1, {5, 0}, {1, 1}, false},
      {"the same number again in lanes", 4, {5, 0}, {1, 1}, false},
      {"touching runs", 1, {5, 1}, {1, 1}, false},
      {"touching runs of a lane", 4, {5, 3, 5}, {2, 7, 1}, false},
      {"overlapping runs", 1, {5, 2}, {3, 1}, false},
      {"overlapping runs of a lane", 4, {5, 3, 1}, {2, 7, 1}, false},
      {"first is 2^63", 1, {kEnd}, {1}, false},
      {"one run beyond 2^63", 1, {0}, {kEnd + 1}, false},
      {"one lane beyond 2^63", 2, {1}, {kEnd / 2 + 1}, false},
      {"gap leads beyond 2^63", 1, {1, kEnd - 1}, {1, 1}, false},
      {"gap overflows", 1, {1, UINT64_MAX}, {1, 1}, false},
      {"count overflows", 1, {1}, {UINT64_MAX}, false},
      {"stride times count overflows", kEnd - 1, {0}, {3}, false},
  };
  for (const auto& test : kCases) {
    v1::Runs proto;
    proto.set_stride(test.stride);
    proto.mutable_gaps()->Add(test.gaps.begin(), test.gaps.end());
    proto.mutable_counts()->Add(test.counts.begin(), test.counts.end());
    const auto runs = RunsFromProto(proto);
    EXPECT_EQ(runs.status().code(),
              test.accepted ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument)
        << test.name;
    if (runs.ok()) {
      EXPECT_EQ(RunsToProto(*runs).SerializeAsString(), proto.SerializeAsString()) << test.name;
    }
  }
}

}  // namespace
}  // namespace squall
