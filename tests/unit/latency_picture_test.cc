#include "controller/latency_picture.h"

#include <random>

#include <gtest/gtest.h>

namespace squall {
namespace {

Histogram Of(std::initializer_list<std::pair<uint64_t, int>> values) {
  Histogram histogram;
  for (const auto& [value, times] : values) {
    for (int i = 0; i < times; ++i) histogram.Record(value);
  }
  return histogram;
}

TEST(PictureRows, AreNoneForNothing) { EXPECT_TRUE(PictureRows(Histogram()).empty()); }

TEST(LatencyPicture, HasEvenStepsForANarrowSpread) {
  const Histogram histogram =
      Of({{198'600'000, 1}, {199'500'000, 40}, {200'500'000, 80}, {201'500'000, 20}});
  EXPECT_EQ(LatencyPicture(histogram, {false, true, 100}, 2),
            "     min  –  199 ms   1   0.71 %  ▌\n"
            "  199 ms  –  200 ms  40  28.37 %  ████████████████████\n"
            "  200 ms  –  201 ms  80  56.74 %  ████████████████████████████████████████\n"
            "  201 ms  –     max  20  14.18 %  ██████████\n");
}

TEST(LatencyPicture, HasGrowingStepsForAWideSpread) {
  const Histogram histogram = Of({{1'100'000, 1000}, {3'000'000, 500}, {50'000'000, 100}});
  EXPECT_EQ(LatencyPicture(histogram, {false, false, 100}, 0),
            "    min  -  1.50 ms  1,000  62.50 %  ########################################\n"
            "1.50 ms  -  2.20 ms      0      0 %\n"
            "2.20 ms  -  3.30 ms    500  31.25 %  ####################\n"
            "3.30 ms  -  4.70 ms      0      0 %\n"
            "4.70 ms  -  6.80 ms      0      0 %\n"
            "6.80 ms  -  10.0 ms      0      0 %\n"
            "10.0 ms  -  15.0 ms      0      0 %\n"
            "15.0 ms  -  22.0 ms      0      0 %\n"
            "22.0 ms  -  33.0 ms      0      0 %\n"
            "33.0 ms  -  47.0 ms      0      0 %\n"
            "47.0 ms  -      max    100   6.25 %  ####\n");
}

TEST(PictureRows, AreNotSqueezedByOutliers) {
  for (const uint64_t spread : {1'000'000u, 5'000'000u}) {  // even and growing steps
    Histogram histogram = Of({{1'000, 1}, {30'000'000'000, 1}});
    for (uint64_t i = 0; i < 1000; ++i) histogram.Record(1'000'000 + i * spread / 1000);
    size_t full = 0;
    for (const PictureRow& row : PictureRows(histogram)) full += row.count > 50 ? 1 : 0;
    EXPECT_GE(full, 5u) << spread;
  }
}

TEST(LatencyPicture, ShowsOneRowForOneValue) {
  EXPECT_EQ(LatencyPicture(Of({{1'234'567, 3}}), {false, false, 100}, 0),
            "min  -  max  3  100 %  ########################################\n");
}

// Whatever the values: few rows, from min to max, rising, and every value in one of them.
TEST(PictureRows, PartitionAnyHistogram) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    Histogram histogram;
    const int values = 1 + static_cast<int>(random() % 200);
    const uint64_t base = random() >> (1 + random() % 63);
    const uint64_t spread = random() >> (1 + random() % 63);
    for (int i = 0; i < values; ++i) {
      histogram.Record(std::min<uint64_t>(base + random() % (spread + 1), INT64_MAX));
    }
    const std::vector<PictureRow> rows = PictureRows(histogram);
    ASSERT_LE(rows.size(), 11u);
    EXPECT_EQ(rows.front().from, histogram.min());
    EXPECT_EQ(rows.back().to, histogram.max());
    uint64_t count = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      count += rows[i].count;
      if (i > 0) {
        ASSERT_EQ(rows[i].from, rows[i - 1].to);
        ASSERT_GT(rows[i].from, rows[i - 1].from);
      }
    }
    ASSERT_EQ(count, histogram.count());
  }
}

}  // namespace
}  // namespace squall
