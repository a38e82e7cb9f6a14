#include "common/sequence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace squall {
namespace {

std::vector<uint64_t> Pass(const Sequence& sequence, uint64_t entries, uint64_t pass) {
  std::vector<uint64_t> indices;
  for (uint64_t i = 0; i < entries; ++i) indices.push_back(sequence.Index(pass * entries + i));
  return indices;
}

bool IsPermutation(std::vector<uint64_t> indices) {
  std::sort(indices.begin(), indices.end());
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] != i) return false;
  }
  return true;
}

// Whether counts could come from cells that are equally likely: Pearson's chi-squared within five
// of its standard deviations (it has mean d and variance 2 d, d being the cells less one). The
// seeds are fixed, so this never fails by chance.
testing::AssertionResult Uniform(const std::vector<uint64_t>& counts) {
  double total = 0;
  for (const uint64_t count : counts) total += static_cast<double>(count);
  const double expected = total / static_cast<double>(counts.size());
  double chi_squared = 0;
  for (const uint64_t count : counts) {
    const double deviation = static_cast<double>(count) - expected;
    chi_squared += deviation * deviation / expected;
  }
  const double freedom = static_cast<double>(counts.size() - 1);
  const double bound = 5 * std::sqrt(2 * freedom);
  if (std::abs(chi_squared - freedom) < bound) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "chi-squared " << chi_squared << " with " << freedom << " degrees of freedom";
}

TEST(SequenceTest, SequentialGoesRoundTheList) {
  const Sequence sequence(v1::ORDER_SEQUENTIAL, 5, 3);
  const std::vector<uint64_t> expected = {0, 1, 2, 0, 1, 2, 0};
  for (uint64_t n = 0; n < expected.size(); ++n) EXPECT_EQ(sequence.Index(n), expected[n]);
}

TEST(SequenceTest, ShuffledIsAPermutationInEachPass) {
  for (uint64_t entries = 1; entries <= 300; ++entries) {
    const Sequence sequence(v1::ORDER_SHUFFLED, entries * 77, entries);
    for (uint64_t pass = 0; pass < 4; ++pass) {
      ASSERT_TRUE(IsPermutation(Pass(sequence, entries, pass))) << entries << " pass " << pass;
    }
  }
  for (const uint64_t entries : {1023u, 1024u, 1025u, 65'536u, 65'537u, 100'003u, 200'000u}) {
    const Sequence sequence(v1::ORDER_SHUFFLED, 1, entries);
    ASSERT_TRUE(IsPermutation(Pass(sequence, entries, 3))) << entries;
  }
}

TEST(SequenceTest, AReaderReadsTheSame) {
  for (const v1::Order order : {v1::ORDER_SEQUENTIAL, v1::ORDER_SHUFFLED, v1::ORDER_RANDOM}) {
    for (const uint64_t entries : {1u, 2u, 300u, 10'000u, 100'003u}) {
      const Sequence sequence(order, 3, entries);
      SequenceReader reader(sequence);
      EXPECT_EQ(reader.Index(5 * entries), sequence.Index(5 * entries));
      for (uint64_t n = 0; n < 3 * entries; n += 1 + entries / 100) {
        ASSERT_EQ(reader.Index(n), sequence.Index(n)) << order << " " << entries << " " << n;
      }
      for (uint64_t n = 3 * entries; n > 0; n -= 1 + (n - 1) / 2) {
        ASSERT_EQ(reader.Index(n), sequence.Index(n)) << order << " " << entries << " " << n;
      }
    }
  }
  SequenceReader largest(Sequence(v1::ORDER_SHUFFLED, 9, UINT64_MAX));
  EXPECT_EQ(largest.Index(7), Sequence(v1::ORDER_SHUFFLED, 9, UINT64_MAX).Index(7));
}

TEST(SequenceTest, ShuffledWorksForListsOfAnySize) {
  for (const uint64_t entries :
       {(uint64_t{1} << 32) - 1, uint64_t{1} << 32, (uint64_t{1} << 32) + 1,
        (uint64_t{1} << 62) + 1, uint64_t{1} << 63, UINT64_MAX}) {
    const Sequence sequence(v1::ORDER_SHUFFLED, 9, entries);
    std::set<uint64_t> seen;
    for (uint64_t n = 0; n < 5000; ++n) {
      const uint64_t index = sequence.Index(n);
      ASSERT_LT(index, entries);
      ASSERT_TRUE(seen.insert(index).second) << entries << " twice: " << index;
      ASSERT_LT(sequence.Index(entries - 1 - n), entries);
    }
  }
}

TEST(SequenceTest, PassesAndSeedsDiffer) {
  for (const uint64_t entries : {20u, 64u, 1000u}) {
    std::set<std::vector<uint64_t>> seen;
    for (uint64_t seed = 0; seed < 50; ++seed) {
      const Sequence sequence(v1::ORDER_SHUFFLED, seed, entries);
      for (uint64_t pass = 0; pass < 50; ++pass) {
        ASSERT_TRUE(seen.insert(Pass(sequence, entries, pass)).second) << seed << " " << pass;
      }
    }
    std::set<std::vector<uint64_t>> drawn;
    for (uint64_t seed = 0; seed < 50; ++seed) {
      ASSERT_TRUE(drawn.insert(Pass(Sequence(v1::ORDER_RANDOM, seed, entries), entries, 0)).second);
    }
  }
}

// The same run must send the same requests with another build of squall: these never change.
TEST(SequenceTest, KnownValues) {
  const struct {
    const char* name;
    v1::Order order;
    uint64_t seed;
    uint64_t entries;
    uint64_t first;
    std::array<uint64_t, 6> indices;
  } kCases[] = {
      {"shuffled", v1::ORDER_SHUFFLED, 1, 10, 0, {3, 8, 1, 2, 5, 4}},
      {"shuffled, second pass", v1::ORDER_SHUFFLED, 1, 10, 10, {1, 3, 4, 8, 9, 5}},
      {"shuffled, large",
       v1::ORDER_SHUFFLED,
       42,
       1'000'000'007,
       5,
       {972574057, 526445416, 874285552, 854369555, 559395891, 380709485}},
      {"random", v1::ORDER_RANDOM, 1, 10, 0, {7, 3, 4, 9, 2, 5}},
      {"random, large",
       v1::ORDER_RANDOM,
       42,
       1'000'000'007,
       5,
       {235122466, 279339119, 152893343, 760683340, 243801268, 764445615}},
  };
  for (const auto& test : kCases) {
    const Sequence sequence(test.order, test.seed, test.entries);
    for (uint64_t i = 0; i < test.indices.size(); ++i) {
      EXPECT_EQ(sequence.Index(test.first + i), test.indices[i]) << test.name << " " << i;
    }
  }
}

TEST(SequenceTest, EveryOrderOfASmallListComes) {
  uint64_t possible = 1;
  for (uint64_t entries = 2; entries <= 6; ++entries) {
    possible *= entries;
    const Sequence sequence(v1::ORDER_SHUFFLED, entries, entries);
    std::map<std::vector<uint64_t>, uint64_t> orders;
    for (uint64_t pass = 0; pass < 60 * possible; ++pass) ++orders[Pass(sequence, entries, pass)];
    EXPECT_EQ(orders.size(), possible) << entries;
  }
}

TEST(SequenceTest, EveryPairOfPlacesGetsEveryPairOfEntriesEquallyOften) {
  for (const uint64_t entries : {2u, 3u, 4u, 5u, 6u, 8u, 10u, 15u, 16u, 17u, 33u, 64u, 100u}) {
    // The smallest domains are the hardest to mix: some seeds show what others do not.
    const uint64_t seeds = entries <= 17 ? 20 : 1;
    for (uint64_t seed = 0; seed < seeds; ++seed) {
      const Sequence sequence(v1::ORDER_SHUFFLED, seed, entries);
      for (const uint64_t place : {uint64_t{1}, entries / 2, entries - 1}) {
        std::map<std::pair<uint64_t, uint64_t>, uint64_t> pairs;
        for (uint64_t pass = 0; pass < 100 * entries * entries; ++pass) {
          ++pairs[{sequence.Index(pass * entries), sequence.Index(pass * entries + place)}];
        }
        ASSERT_EQ(pairs.size(), entries * (entries - 1)) << entries;
        std::vector<uint64_t> counts;
        for (const auto& [pair, count] : pairs) counts.push_back(count);
        EXPECT_TRUE(Uniform(counts)) << entries << " entries, seed " << seed << ", place " << place;
      }
    }
  }
}

TEST(SequenceTest, EveryPlaceGetsEveryEntryEquallyOften) {
  for (const uint64_t entries : {2u, 3u, 4u, 7u, 16u, 17u, 63u, 64u}) {
    const Sequence sequence(v1::ORDER_SHUFFLED, entries, entries);
    for (const uint64_t place : {uint64_t{0}, entries / 2, entries - 1}) {
      std::vector<uint64_t> counts(entries, 0);
      for (uint64_t pass = 0; pass < 200 * entries; ++pass) {
        ++counts[sequence.Index(pass * entries + place)];
      }
      EXPECT_TRUE(Uniform(counts)) << entries << " entries, place " << place;
    }
  }
}

// The step from one index to the next, modulo the number of entries, is spread evenly, and so is
// the entry that comes next to a given part of the list: a list sorted by host or by size is
// mixed.
TEST(SequenceTest, NeighboursAreNotCorrelated) {
  for (const v1::Order order : {v1::ORDER_SHUFFLED, v1::ORDER_RANDOM}) {
    for (const uint64_t entries : {4096u, 5000u, 100'000u}) {
      constexpr uint64_t kCells = 16;
      const Sequence sequence(order, entries, entries);
      for (const uint64_t distance : {1u, 2u, 64u}) {
        std::vector<uint64_t> steps(kCells, 0);
        std::vector<uint64_t> pairs(kCells * kCells, 0);
        for (uint64_t pass = 0; pass < 3; ++pass) {
          for (uint64_t i = 0; i + distance < entries; ++i) {
            const uint64_t a = sequence.Index(pass * entries + i);
            const uint64_t b = sequence.Index(pass * entries + i + distance);
            ++steps[(b + entries - a) % entries * kCells / entries];
            ++pairs[a * kCells / entries * kCells + b * kCells / entries];
          }
        }
        EXPECT_TRUE(Uniform(steps)) << entries << " entries, distance " << distance;
        EXPECT_TRUE(Uniform(pairs)) << entries << " entries, distance " << distance;
      }
    }
  }
}

TEST(SequenceTest, RandomDrawsEveryEntryEquallyOften) {
  for (const uint64_t entries : {2u, 10u, 1000u}) {
    const Sequence sequence(v1::ORDER_RANDOM, 4, entries);
    std::vector<uint64_t> counts(entries, 0);
    for (uint64_t n = 0; n < 100 * entries; ++n) {
      const uint64_t index = sequence.Index(n);
      ASSERT_LT(index, entries);
      ++counts[index];
    }
    EXPECT_TRUE(Uniform(counts)) << entries;
  }
  const Sequence large(v1::ORDER_RANDOM, 4, uint64_t{1} << 63);
  std::vector<uint64_t> cells(64, 0);
  for (uint64_t n = 0; n < 10'000; ++n) ++cells[large.Index(n) >> 57];
  EXPECT_TRUE(Uniform(cells));
}

TEST(SequenceDeathTest, NeedsEntriesAndAKnownOrder) {
  EXPECT_DEATH(Sequence(v1::ORDER_SHUFFLED, 1, 0), "broken invariant");
  EXPECT_DEATH(Sequence(v1::ORDER_UNSPECIFIED, 1, 1), "broken invariant");
}

}  // namespace
}  // namespace squall
