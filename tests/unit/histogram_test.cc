#include "common/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/histogram_cells.h"
#include "gtest/gtest.h"

namespace squall {
namespace {

using Bucket = Histogram::Bucket;

constexpr uint64_t kLargest = (uint64_t{1} << 63) - 1;

Histogram Of(const std::vector<uint64_t>& values) {
  Histogram histogram;
  for (const uint64_t value : values) histogram.Record(value);
  return histogram;
}

// Of every magnitude up to 2^62 equally often, as edges lie at the powers of two.
uint64_t AnyValue(std::mt19937_64& random) {
  const uint64_t bits = random() % 63;
  const uint64_t value = random() & ((uint64_t{1} << bits) - 1);
  return random() % 8 == 0 ? uint64_t{1} << bits : value;
}

std::vector<uint64_t> AnyValues(std::mt19937_64& random, size_t count) {
  std::vector<uint64_t> values(count);
  for (uint64_t& value : values) value = AnyValue(random);
  return values;
}

Histogram ThroughWire(const Histogram& histogram) {
  v1::Histogram proto;
  EXPECT_TRUE(proto.ParseFromString(histogram.ToProto().SerializeAsString()));
  absl::StatusOr<Histogram> decoded = Histogram::FromProto(proto);
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return decoded.ok() ? *decoded : Histogram();
}

TEST(HistogramTest, LayoutIsExactAtTheEdges) {
  const struct {
    const char* name;
    uint64_t value;
    uint64_t lowest;
    uint64_t highest;
  } kCases[] = {
      {"zero", 0, 0, 0},
      {"end of row 0", 1023, 1023, 1023},
      {"start of row 1", 1024, 1024, 1024},
      {"last exact value", 2047, 2047, 2047},
      {"first pair, lower", 2048, 2048, 2049},
      {"first pair, upper", 2049, 2048, 2049},
      {"last pair", 4095, 4094, 4095},
      {"first four", 4096, 4096, 4099},
      {"a millisecond", 1'000'000, 999'936, 1'000'447},
      {"2^62", uint64_t{1} << 62, uint64_t{1} << 62, (uint64_t{1} << 62) + (uint64_t{1} << 52) - 1},
      {"largest", kLargest, kLargest - (uint64_t{1} << 52) + 1, kLargest},
  };
  for (const auto& test : kCases) {
    const std::vector<Bucket> buckets = Of({test.value}).Buckets();
    ASSERT_EQ(buckets.size(), 1u) << test.name;
    EXPECT_EQ(buckets[0].lowest, test.lowest) << test.name;
    EXPECT_EQ(buckets[0].highest, test.highest) << test.name;
    EXPECT_EQ(buckets[0].count, 1u) << test.name;
  }
}

// HdrHistogram's index into its counts, with 2048 sub-buckets and unit 1: the bucket is the power
// of two above the first 2048 values, and of each bucket only the upper half is used.
uint64_t HdrIndex(uint64_t value) {
  const auto bucket = static_cast<uint64_t>(std::bit_width(value | 2047)) - 11;
  const uint64_t sub_bucket = value >> bucket;
  return (bucket + 1) * 1024 + sub_bucket - 1024;
}

uint64_t FirstIndex(const v1::Histogram& proto) {
  uint64_t first = UINT64_MAX;
  CellReader(proto.cells()).ForEach([&first](uint64_t index, uint64_t) {
    first = index;
    return false;
  });
  return first;
}

TEST(HistogramTest, LayoutIsHdrHistograms) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 8000; ++i) {
    const uint64_t value = i < 5000 ? static_cast<uint64_t>(i) : AnyValue(random);
    const Histogram histogram = Of({value});
    ASSERT_EQ(FirstIndex(histogram.ToProto()), HdrIndex(value)) << value;
    const Bucket bucket = histogram.Buckets()[0];
    ASSERT_LE(bucket.lowest, value);
    ASSERT_GE(bucket.highest, value);
    ASSERT_LE(bucket.highest - bucket.lowest, value / 1024) << value;
  }
}

TEST(HistogramTest, EmptyIsAllZeros) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0u);
  EXPECT_EQ(empty.min(), 0u);
  EXPECT_EQ(empty.max(), 0u);
  EXPECT_EQ(empty.sum(), 0u);
  EXPECT_EQ(empty.Mean(), 0);
  EXPECT_EQ(empty.StandardDeviation(), 0);
  EXPECT_EQ(empty.Quantile(0), 0u);
  EXPECT_EQ(empty.Quantile(0.5), 0u);
  EXPECT_EQ(empty.Quantile(1), 0u);
  EXPECT_TRUE(empty.Buckets().empty());
  EXPECT_EQ(ThroughWire(empty), empty);
}

TEST(HistogramTest, CountMinMaxSumAndMeanAreExact) {
  const Histogram histogram = Of({1'000'003, 7, kLargest, kLargest});
  EXPECT_EQ(histogram.count(), 4u);
  EXPECT_EQ(histogram.min(), 7u);
  EXPECT_EQ(histogram.max(), kLargest);
  EXPECT_EQ(histogram.sum(), absl::uint128(kLargest) * 2 + 1'000'010);
  EXPECT_DOUBLE_EQ(Of({1'000'003, 2'000'006}).Mean(), 1'500'004.5);
}

TEST(HistogramTest, StandardDeviationIsWithinThePrecision) {
  EXPECT_EQ(Of({1'000'003, 1'000'003, 1'000'003}).StandardDeviation(), 0);
  EXPECT_DOUBLE_EQ(Of({2, 4, 4, 4, 5, 5, 7, 9}).StandardDeviation(), 2);
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal(50e6, 5e6);
  Histogram histogram;
  for (int i = 0; i < 100'000; ++i) histogram.Record(static_cast<uint64_t>(normal(random)));
  EXPECT_NEAR(histogram.StandardDeviation(), 5e6, 0.05e6);
}

TEST(HistogramTest, QuantilesAgreeWithASortedVector) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 40; ++round) {
    std::vector<uint64_t> values = AnyValues(random, 1 + random() % 3000);
    const Histogram histogram = Of(values);
    std::sort(values.begin(), values.end());
    // In parts of 10,000, so that the rank can be computed without rounding.
    for (const uint64_t parts :
         {1u, 700u, 2500u, 2900u, 5000u, 7500u, 9000u, 9900u, 9990u, 9999u, 10'000u}) {
      const uint64_t rank = (parts * values.size() + 9999) / 10'000;
      const uint64_t truth = values[rank - 1];
      const uint64_t seen = histogram.Quantile(static_cast<double>(parts) / 10'000);
      ASSERT_GE(seen, truth) << parts;
      ASSERT_LE(seen - truth, truth / 1024) << parts;
      ASSERT_LE(seen, values.back());
    }
    ASSERT_GE(histogram.Quantile(0), values.front());
    ASSERT_LE(histogram.Quantile(0) - values.front(), values.front() / 1024);
    ASSERT_EQ(histogram.Quantile(1), values.back());
  }
}

TEST(HistogramTest, QuantileOfAWholeRankIsThatRank) {
  std::vector<uint64_t> values;
  for (uint64_t value = 1; value <= 100; ++value) values.push_back(value);
  const Histogram histogram = Of(values);
  for (uint64_t percent = 1; percent <= 100; ++percent) {
    EXPECT_EQ(histogram.Quantile(static_cast<double>(percent) / 100), percent);
  }
}

TEST(HistogramTest, QuantileNeverLeavesTheRangeSeen) {
  const Histogram one = Of({1'000'003});
  EXPECT_EQ(one.Quantile(0), 1'000'003u);
  EXPECT_EQ(one.Quantile(0.5), 1'000'003u);
  EXPECT_EQ(one.Quantile(1), 1'000'003u);
}

TEST(HistogramTest, MergedIsWhatOneRecorderWouldHaveMade) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    Histogram single;
    std::vector<Histogram> parts(1 + random() % 9);
    for (const uint64_t value : AnyValues(random, random() % 1500)) {
      single.Record(value);
      parts[random() % parts.size()].Record(value);
    }
    // Any two are merged, until one is left; some go over the wire in between, or as messages.
    while (parts.size() > 1) {
      std::shuffle(parts.begin(), parts.end(), random);
      const Histogram last = random() % 2 == 0 ? ThroughWire(parts.back()) : parts.back();
      parts.pop_back();
      if (random() % 2 == 0) {
        const v1::Histogram proto = last.ToProto();
        std::vector<HistogramCell> room(Histogram::MostCells(proto));
        parts.back().Merge(*Histogram::Decode(proto, absl::MakeSpan(room)));
      } else {
        parts.back().Merge(last);
      }
    }
    ASSERT_EQ(parts[0].Buckets(), single.Buckets()) << seed;
    ASSERT_EQ(parts[0], single) << seed;
    ASSERT_EQ(ThroughWire(parts[0]), single) << seed;
    ASSERT_EQ(parts[0].ToProto().SerializeAsString(), single.ToProto().SerializeAsString()) << seed;
    ASSERT_EQ(parts[0].StandardDeviation(), single.StandardDeviation()) << seed;
  }
}

TEST(HistogramTest, MergingWithItselfDoubles) {
  Histogram histogram = Of({5, 5000});
  histogram.Merge(histogram);
  EXPECT_EQ(histogram, Of({5, 5, 5000, 5000}));
}

TEST(HistogramTest, EqualityIsSensitive) {
  EXPECT_EQ(Of({1, 5000}), Of({5000, 1}));
  EXPECT_NE(Of({1, 5000}), Of({1}));
  EXPECT_NE(Of({1, 5000}), Of({1, 6000}));
  // The same buckets, but not the same values.
  EXPECT_NE(Of({4096, 4098, 4099}), Of({4096, 4097, 4099}));
}

TEST(HistogramTest, CopiesAreIndependent) {
  Histogram original = Of({1, 5000});
  Histogram copy(original);
  copy.Record(9);
  EXPECT_EQ(original, Of({1, 5000}));
  EXPECT_EQ(copy, Of({1, 5000, 9}));
  copy = original;
  EXPECT_EQ(copy, original);
  const Histogram moved(std::move(copy));
  EXPECT_EQ(moved, original);
}

TEST(HistogramTest, ClearForgetsEverything) {
  Histogram histogram = Of({1, 5000, kLargest});
  histogram.Clear();
  EXPECT_EQ(histogram, Histogram());
  EXPECT_EQ(histogram.min(), 0u);
  histogram.Record(77);
  EXPECT_EQ(histogram, Of({77}));

  Histogram moved_from = Of({1});
  const Histogram target(std::move(moved_from));
  moved_from.Clear();
  moved_from.Record(5000);
  EXPECT_EQ(moved_from, Of({5000}));
}

TEST(HistogramDeathTest, ValuesOf64BitsAreABrokenInvariant) {
  Histogram histogram;
  EXPECT_DEATH(histogram.Record(kLargest + 1), "broken invariant");
  EXPECT_DEATH(histogram.Record(UINT64_MAX), "broken invariant");
}

// Index, count.
using Entries = std::vector<std::pair<uint32_t, uint64_t>>;

v1::Histogram Proto(uint64_t min, uint64_t max, absl::uint128 sum, const Entries& entries) {
  v1::Histogram proto;
  proto.set_min_ns(min);
  proto.set_max_ns(max);
  proto.set_sum_high(absl::Uint128High64(sum));
  proto.set_sum_low(absl::Uint128Low64(sum));
  CellWriter cells(proto);
  uint64_t total = 0;
  for (const auto& [index, count] : entries) {
    cells.Add(index, count);
    total += count;
  }
  proto.set_count(total);
  return proto;
}

TEST(HistogramTest, DecodeRefusesWhatNoHistogramEncodes) {
  const v1::Histogram good = Proto(7, 4101, 7 + 2 * 9 + 4101, {{7, 1}, {9, 2}, {3073, 1}});
  constexpr size_t kWithoutLast = 3;  // bytes; the last bucket has 3 as well
  ASSERT_EQ(good.cells().size(), kWithoutLast + 3);
  ASSERT_TRUE(Histogram::FromProto(good).ok()) << Histogram::FromProto(good).status();
  const struct {
    const char* name;
    void (*spoil)(v1::Histogram& proto);
  } kCases[] = {
      {"a bucket more", [](auto& p) { p.mutable_cells()->push_back('\0'); }},
      {"a bucket that is not whole", [](auto& p) { p.mutable_cells()->push_back('\7'); }},
      {"a bucket less", [](auto& p) { p.mutable_cells()->resize(kWithoutLast); }},
      {"a number that is not whole", [](auto& p) { p.mutable_cells()->push_back('\x80'); }},
      {"a number of more bytes than it needs",
       [](auto& p) {
         p.mutable_cells()->resize(kWithoutLast);
         p.mutable_cells()->append({'\x87', '\0', '\xf0', '\x17'});
       }},
      {"a number of 65 bits",
       [](auto& p) { p.mutable_cells()->append(9, '\xff').push_back('\2'); }},
      {"a number of 11 bytes",
       [](auto& p) { p.mutable_cells()->append(10, '\xff').push_back('\1'); }},
      {"counts overflow and add up",
       [](auto& p) {
         Entries entries;
         for (uint32_t index = 0; index < 9; ++index) entries.push_back({index, kMaxCellCount});
         p = Proto(0, 8, 36 * absl::uint128(kMaxCellCount), entries);
       }},
      {"min above its bucket that adds up",
       [](auto& p) {
         p = Proto(4100, 4102, 8202, {{3072, 1}, {3073, 1}});
       }},
      {"bucket just out of range",
       [](auto& p) {
         p = Proto(0, kLargest, 0, {{54 * 1024, 1}});
       }},
      {"bucket far out of range",
       [](auto& p) {
         p = Proto(7, 4101, 7 + 2 * 9 + 4101, {{7, 1}, {9, 2}, {UINT32_MAX, 1}});
       }},
      {"index beyond 32 bits",
       [](auto& p) {
         p.mutable_cells()->resize(kWithoutLast + 1);
         p.mutable_cells()->append("\x80\x80\x80\x80\x10");
       }},
      {"index beyond 64 bits",
       [](auto& p) {
         p.mutable_cells()->resize(kWithoutLast + 1);
         p.mutable_cells()->append(9, '\xff').push_back('\1');
       }},
      {"total too small", [](auto& p) { p.set_count(3); }},
      {"total too large", [](auto& p) { p.set_count(5); }},
      {"min below its bucket", [](auto& p) { p.set_min_ns(6); }},
      {"min above its bucket", [](auto& p) { p.set_min_ns(8); }},
      {"max below its bucket", [](auto& p) { p.set_max_ns(4099); }},
      {"max above its bucket", [](auto& p) { p.set_max_ns(4104); }},
      {"max is not possible", [](auto& p) { p.set_max_ns(UINT64_MAX); }},
      {"min above max in one bucket",
       [](auto& p) {
         p = Proto(4103, 4100, 8203, {{3073, 2}});
       }},
      {"sum too small", [](auto& p) { p.set_sum_low(p.sum_low() - 1); }},
      {"sum too large", [](auto& p) { p.set_sum_low(p.sum_low() + 1); }},
      {"sum far too large", [](auto& p) { p.set_sum_high(1); }},
      {"one value that is not the sum",
       [](auto& p) {
         p = Proto(4100, 4100, 4101, {{3073, 1}});
       }},
      {"one value, min and max differ",
       [](auto& p) {
         p = Proto(4100, 4101, 4100, {{3073, 1}});
       }},
      {"empty with a count", [](auto& p) { p.Clear(), p.set_count(1); }},
      {"empty with a min", [](auto& p) { p.Clear(), p.set_min_ns(1); }},
      {"empty with a max", [](auto& p) { p.Clear(), p.set_max_ns(1); }},
      {"empty with a sum", [](auto& p) { p.Clear(), p.set_sum_high(1); }},
  };
  for (const auto& test : kCases) {
    v1::Histogram proto = good;
    test.spoil(proto);
    EXPECT_EQ(Histogram::FromProto(proto).status().code(), absl::StatusCode::kInvalidArgument)
        << test.name;
  }
}

TEST(HistogramTest, DecodeTakesExactlyThePossibleSums) {
  // Buckets of four values: 4096 … 4099 (index 3072) and 4100 … 4103 (index 3073).
  const struct {
    const char* name;
    uint64_t min;
    uint64_t max;
    Entries entries;
    uint64_t least;
    uint64_t greatest;
  } kCases[] = {
      {"one value", 4097, 4097, {{3072, 1}}, 4097, 4097},
      {"two in a bucket", 4097, 4099, {{3072, 2}}, 8196, 8196},
      {"three in a bucket", 4097, 4099, {{3072, 3}}, 3 * 4097 + 2, 3 * 4099 - 2},
      {"equal values", 4097, 4097, {{3072, 5}}, 5 * 4097, 5 * 4097},
      {"two buckets of two",
       4097,
       4102,
       {{3072, 2}, {3073, 2}},
       2 * 4097 + 4100 + 4102,
       4097 + 4099 + 2 * 4102},
      {"greatest counts", kLargest, kLargest, {{54 * 1024 - 1, 1}}, kLargest, kLargest},
  };
  for (const auto& test : kCases) {
    const auto accepts = [&test](uint64_t sum) {
      return Histogram::FromProto(Proto(test.min, test.max, sum, test.entries)).ok();
    };
    EXPECT_FALSE(accepts(test.least - 1)) << test.name;
    EXPECT_TRUE(accepts(test.least)) << test.name;
    EXPECT_TRUE(accepts(test.greatest)) << test.name;
    EXPECT_FALSE(accepts(test.greatest + 1)) << test.name;
  }
  // As many of the largest values as can be counted.
  const absl::uint128 sum = absl::uint128(kMaxCellCount) * kLargest;
  const Entries entries = {{54 * 1024 - 1, kMaxCellCount}};
  EXPECT_TRUE(Histogram::FromProto(Proto(kLargest, kLargest, sum, entries)).ok());
  EXPECT_FALSE(Histogram::FromProto(Proto(kLargest, kLargest, sum + 1, entries)).ok());
}

}  // namespace
}  // namespace squall
