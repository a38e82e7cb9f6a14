#include "controller/units.h"

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(Units, Durations) {
  const struct {
    double nanos;
    const char* text;
  } kCases[] = {
      {0, "0 ns"},
      {835, "835 ns"},
      {999.4, "999 ns"},
      {999.6, "1.00 µs"},
      {1'240, "1.24 µs"},
      {9'994, "9.99 µs"},
      {9'996, "10.0 µs"},
      {99'960, "100 µs"},
      {999'600, "1.00 ms"},
      {48'123'456, "48.1 ms"},
      {999'499'999, "999 ms"},
      {999'500'000, "1.00 s"},
      {8.1e9, "8.10 s"},
      {119.4e9, "119 s"},
      {119.6e9, "2 min 00 s"},
      {305e9, "5 min 05 s"},
      {7199.4e9, "119 min 59 s"},
      {7199.6e9, "2 h 00 min"},
      {12'000e9, "3 h 20 min"},
  };
  for (const auto& c : kCases) EXPECT_EQ(FormatDuration(c.nanos, true), c.text) << c.nanos;
  EXPECT_EQ(FormatDuration(1'240, false), "1.24 us");
}

TEST(Units, Bytes) {
  const struct {
    double bytes;
    const char* text;
  } kCases[] = {
      {0, "0 B"},           {999, "999 B"},      {999.6, "1.00 kB"}, {1'240, "1.24 kB"},
      {999'600, "1.00 MB"}, {12.4e9, "12.4 GB"}, {3e12, "3.00 TB"},  {4.5e15, "4.50 PB"},
      {2e18, "2.00 EB"},    {18e21, "18000 EB"},
  };
  for (const auto& c : kCases) EXPECT_EQ(FormatBytes(c.bytes), c.text) << c.bytes;
}

TEST(Units, Counts) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1'000), "1,000");
  EXPECT_EQ(FormatCount(100'003), "100,003");
  EXPECT_EQ(FormatCount(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(Units, Rates) {
  EXPECT_EQ(FormatRate(0), "0");
  EXPECT_EQ(FormatRate(9.714), "9.71");
  EXPECT_EQ(FormatRate(99.999), "100.0");
  EXPECT_EQ(FormatRate(834.21), "834.2");
  EXPECT_EQ(FormatRate(999.6), "1,000");
  EXPECT_EQ(FormatRate(12'345.6), "12,346");
}

TEST(Units, SharesAreNeverRoundedToNothingOrAll) {
  EXPECT_EQ(FormatShare(0, 0), "-");
  EXPECT_EQ(FormatShare(0, 7), "0 %");
  EXPECT_EQ(FormatShare(7, 7), "100 %");
  EXPECT_EQ(FormatShare(1, 3), "33.33 %");
  EXPECT_EQ(FormatShare(1, 1'000'000), "<0.01 %");
  EXPECT_EQ(FormatShare(999'999, 1'000'000), ">99.99 %");
}

}  // namespace
}  // namespace squall
