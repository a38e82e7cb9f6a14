// What is left of a histogram without a part of it.

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "common/histogram.h"

namespace squall {
namespace {

Histogram Of(const std::vector<uint64_t>& values) {
  Histogram histogram;
  for (const uint64_t value : values) histogram.Record(value);
  return histogram;
}

// Of every magnitude up to 2^62 equally often.
std::vector<uint64_t> AnyValues(std::mt19937_64& random, size_t count) {
  std::vector<uint64_t> values(count);
  for (uint64_t& value : values) value = random() & ((uint64_t{1} << (random() % 63)) - 1);
  return values;
}

TEST(HistogramDifference, WithoutAPartTheRestIsLeft) {
  const struct {
    const char* name;
    std::vector<uint64_t> rest;
    std::vector<uint64_t> part;
    uint64_t min;
    uint64_t max;
  } kCases[] = {
      {"nothing taken", {3, 5000}, {}, 3, 5000},
      {"nothing left", {}, {3, 5000}, 0, 0},
      {"nothing at all", {}, {}, 0, 0},
      {"from the middle", {3, 5001}, {70, 80}, 3, 5001},
      {"the ends, in exact buckets", {70, 80}, {3, 1500}, 70, 80},
      {"one left follows from the sum", {4'097}, {4'096, 4'099, 9'000}, 4'097, 4'097},
      {"the largest of its bucket stays", {3, 8'195}, {8'192}, 3, 8'195},
      {"the ends are bounds of buckets", {8'193, 16'390}, {1, 100'000}, 8'192, 16'391},
      {"no larger than the sum leaves", {8'192, 8'192, 8'193}, {9'999}, 8'192, 8'193},
  };
  for (const auto& c : kCases) {
    Histogram whole = Of(c.rest);
    whole.Merge(Of(c.part));
    ASSERT_TRUE(whole.Contains(Of(c.part))) << c.name;
    const Histogram left = whole.Without(Of(c.part));
    EXPECT_EQ(left.Buckets(), Of(c.rest).Buckets()) << c.name;
    EXPECT_EQ(left.sum(), Of(c.rest).sum()) << c.name;
    EXPECT_EQ(left.min(), c.min) << c.name;
    EXPECT_EQ(left.max(), c.max) << c.name;
  }
}

TEST(HistogramDifference, WhatIsLeftOfAnyValuesIsSound) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const Histogram rest = Of(AnyValues(random, random() % 50));
    const Histogram part = Of(AnyValues(random, random() % 50));
    Histogram whole = rest;
    whole.Merge(part);
    const Histogram left = whole.Without(part);
    ASSERT_EQ(left.count(), rest.count()) << seed;
    ASSERT_EQ(left.Buckets(), rest.Buckets()) << seed;
    ASSERT_EQ(left.sum(), rest.sum()) << seed;
    ASSERT_LE(left.min(), rest.min()) << seed;
    ASSERT_GE(left.max(), rest.max()) << seed;
    ASSERT_TRUE(Histogram::FromProto(left.ToProto()).ok()) << seed;
  }
}

TEST(HistogramDifference, ContainsNothingThatItHasNot) {
  const Histogram whole = Of({5, 5, 8'192, 8'194, 100'000});
  EXPECT_TRUE(whole.Contains(Of({5, 8'194})));
  EXPECT_FALSE(whole.Contains(Of({6})));
  EXPECT_FALSE(whole.Contains(Of({5, 5, 5})));
  EXPECT_FALSE(whole.Contains(Of({4})));
  EXPECT_FALSE(whole.Contains(Of({100'001}))) << "of the same bucket, but larger than the largest";
  EXPECT_FALSE(whole.Contains(Of({5, 5, 8'192, 8'193, 100'000}))) << "1 more than nothing is left";
  EXPECT_FALSE(Histogram().Contains(Of({0})));
}

TEST(HistogramDifferenceDeathTest, WithoutWhatIsNoPartIsABrokenInvariant) {
  EXPECT_DEATH((void)Of({5}).Without(Of({6})), "broken invariant");
}

}  // namespace
}  // namespace squall
