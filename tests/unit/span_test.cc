#include "common/span.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace squall {

void PrintTo(const NumberRun& run, std::ostream* out) { *out << run.first << "+" << run.count; }

namespace {

constexpr uint64_t kEnd = uint64_t{1} << 63;

// NumberRun in full below: in a test, Run is testing::Test::Run.

TEST(SpanTest, NumbersBecomeTheFewestRuns) {
  const struct {
    const char* name;
    std::vector<uint64_t> numbers;
    std::vector<NumberRun> runs;
  } kCases[] = {
      {"none", {}, {}},
      {"only 0", {0}, {{0, 1}}},
      {"neighbours", {4, 5, 6}, {{4, 3}}},
      {"unordered", {6, 4, 5, 0}, {{0, 1}, {4, 3}}},
      {"holes of one", {1, 3, 5}, {{1, 1}, {3, 1}, {5, 1}}},
      {"up to the largest", {kEnd - 1, kEnd - 2, 0}, {{0, 1}, {kEnd - 2, 2}}},
  };
  for (const auto& test : kCases) {
    std::vector<uint64_t> numbers = test.numbers;
    const std::vector<NumberRun> runs = *ToRuns(numbers);
    EXPECT_EQ(runs, test.runs) << test.name;
    const auto decoded = RunsFromProto(RunsToProto(runs));
    ASSERT_TRUE(decoded.ok()) << test.name << decoded.status();
    EXPECT_EQ(*decoded, test.runs) << test.name;
  }
}

TEST(SpanTest, RunsNameExactlyTheNumbersAlsoOverTheWire) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<uint64_t> truth;
    uint64_t number = random() % 3;
    const uint64_t density = 1 + random() % 5;
    for (uint64_t i = random() % 1000; i > 0; --i) {
      truth.push_back(number);
      number += random() % density == 0 ? 1 + random() % 1000 : 1;
    }
    std::vector<uint64_t> numbers = truth;
    std::shuffle(numbers.begin(), numbers.end(), random);
    v1::Runs proto;
    ASSERT_TRUE(proto.ParseFromString(RunsToProto(*ToRuns(numbers)).SerializeAsString()));
    const auto runs = RunsFromProto(proto);
    ASSERT_TRUE(runs.ok()) << runs.status();
    std::vector<uint64_t> named;
    for (const NumberRun& run : *runs) {
      ASSERT_TRUE(named.empty() || run.first > named.back() + 1) << "touching runs, seed " << seed;
      for (uint64_t i = 0; i < run.count; ++i) named.push_back(run.first + i);
    }
    ASSERT_EQ(named, truth) << seed;
  }
}

TEST(SpanTest, NoRunsNameANumberTwice) {
  for (std::vector<uint64_t> numbers :
       {std::vector<uint64_t>{3, 1, 2, 1}, {0, 0}, {kEnd - 1, 5, kEnd - 1}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ToRuns(numbers).status())) << numbers.front();
  }
}

TEST(SpanTest, DecodeRefusesWhatNoRunsEncode) {
  const struct {
    const char* name;
    std::vector<uint64_t> gaps;
    std::vector<uint64_t> counts;
    bool accepted;
  } kCases[] = {
      {"none", {}, {}, true},
      {"from 0", {0, 1}, {1, 1}, true},
      {"all numbers there are", {0}, {kEnd}, true},
      {"the largest number", {kEnd - 1}, {1}, true},
      {"one gap too many", {0, 1}, {1}, false},
      {"one count too many", {0}, {1, 1}, false},
      {"empty run", {5, 1}, {0, 1}, false},
      {"touching runs", {5, 0}, {1, 1}, false},
      {"first is 2^63", {kEnd}, {1}, false},
      {"one run beyond 2^63", {0}, {kEnd + 1}, false},
      {"gap leads beyond 2^63", {0, kEnd - 1}, {1, 1}, false},
      {"gap overflows", {1, UINT64_MAX}, {1, 1}, false},
      {"count overflows", {1}, {UINT64_MAX}, false},
  };
  for (const auto& test : kCases) {
    v1::Runs proto;
    proto.mutable_gaps()->Add(test.gaps.begin(), test.gaps.end());
    proto.mutable_counts()->Add(test.counts.begin(), test.counts.end());
    const auto runs = RunsFromProto(proto);
    EXPECT_EQ(runs.status().code(),
              test.accepted ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument)
        << test.name;
  }
}

}  // namespace
}  // namespace squall
