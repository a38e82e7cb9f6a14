#include "controller/hdr_log.h"

#include <string>
#include <vector>
#include <zlib.h>

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "common/histogram.h"
#include "common/histogram_cells.h"

namespace squall {
namespace {

// Made by the Java implementation, 2.1.11: 0 three times, 1, 64 times 3, 1,000,000 times 2047, 2^40
// times 2048, 2^59 times 123,456,789, and an hour, with room for 2^42 - 1.
constexpr char kReference[] =
    "HISTFAAAADd4nJNpmSzMwMCgwAABzFCaEcj8DwL2HyACbEwMDYxf5Rs6qxpAwGHzX8YGKBC4/4aRCQA2FBUH";

v1::Histogram ReferenceValues() {
  v1::Histogram proto;
  CellWriter cells(proto);
  const auto index_of = [](uint64_t value) {
    uint64_t row = 0;
    while (value >> row >= 2048) ++row;
    return row == 0 ? value : (row + 1) * 1024 + (value >> row) - 1024;
  };
  for (const auto& [value, count] : {std::pair<uint64_t, uint64_t>(0, 3),
                                     {1, 1},
                                     {3, 64},
                                     {2047, 1'000'000},
                                     {2048, uint64_t{1} << 40},
                                     {123'456'789, uint64_t{1} << 59},
                                     {3'600'000'000'000, 1}}) {
    cells.Add(index_of(value), count);
  }
  proto.set_max_ns(3'600'000'000'000);
  return proto;
}

uint32_t BigEndian(const std::string& bytes, size_t at) {
  uint32_t word = 0;
  for (size_t i = at; i < at + 4; ++i) word = word << 8 | static_cast<uint8_t>(bytes.at(i));
  return word;
}

// What is compressed in an encoded histogram: two zlibs need not make the same of it.
std::string Plain(const std::string& encoded) {
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(encoded, &bytes)) << encoded;
  EXPECT_EQ(BigEndian(bytes, 0), 0x1c849314U);
  EXPECT_EQ(BigEndian(bytes, 4), bytes.size() - 8);
  std::string plain(1 << 20, '\0');
  uLongf size = plain.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(plain.data()), &size,
                       reinterpret_cast<const Bytef*>(bytes.data()) + 8, bytes.size() - 8),
            Z_OK);
  plain.resize(size);
  EXPECT_EQ(BigEndian(plain, 4), plain.size() - 40);
  return plain;
}

std::string Hex(const std::string& bytes) {
  return std::string(absl::BytesToHexString({bytes.data(), bytes.size()}));
}

TEST(HdrLogTest, EncodesAsTheReferenceDoes) {
  EXPECT_EQ(Hex(Plain(HdrEncoded(ReferenceValues()))), Hex(Plain(kReference)));
}

TEST(HdrLogTest, NamesRoomForItsLargestValue) {
  const struct {
    const char* name;
    std::vector<uint64_t> values;
    const char* room;    // highest trackable value
    const char* counts;  // in hexadecimal
  } kCases[] = {
      {"nothing", {}, "000003ffffffffff", "00"},
      {"zero", {0}, "000003ffffffffff", "02"},
      {"one", {1}, "000003ffffffffff", "0002"},
      {"two buckets without values", {2}, "000003ffffffffff", "0302"},
      {"an hour and more", {(uint64_t{1} << 42) - 1}, "000003ffffffffff", "fd8f0402"},
      {"beyond that", {uint64_t{1} << 42}, "000007ffffffffff", "ff8f0402"},
      {"292 years", {(uint64_t{1} << 63) - 1}, "7fffffffffffffff", "fddf0602"},
  };
  for (const auto& test : kCases) {
    Histogram histogram;
    for (const uint64_t value : test.values) histogram.Record(value);
    const std::string plain = Plain(HdrEncoded(histogram.ToProto()));
    EXPECT_EQ(Hex(plain.substr(24, 8)), test.room) << test.name;
    EXPECT_EQ(Hex(plain.substr(40)), test.counts) << test.name;
  }
}

TEST(HdrLogTest, Lines) {
  Histogram histogram;
  histogram.Record(1'500'000);
  const v1::Histogram proto = histogram.ToProto();
  const std::string encoded = HdrEncoded(proto);
  EXPECT_EQ(HdrLogLine("", 2 * kSecond, 3 * kSecond, proto), "2.000,1.000,1.500," + encoded + "\n");
  EXPECT_EQ(HdrLogLine("alpha", kSecond / 4, kSecond, proto),
            "Tag=alpha,0.250,0.750,1.500," + encoded + "\n");
  EXPECT_EQ(HdrLogHead("a title", absl::FromUnixMillis(1'700'000'000'123)),
            "#[a title]\n"
            "#[Histogram log format version 1.3]\n"
            "#[StartTime: 1700000000.123 (seconds since epoch), 2023-11-14T22:13:20.123Z]\n"
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_"
            "Histogram\"\n");
}

TEST(HdrLogTest, Tags) {
  const struct {
    const char* name;
    const char* tag;
  } kCases[] = {
      {"lon-1", "lon-1"},
      {"two words", "two_words"},
      {"a,b", "a_b"},
      {"say \"x\"", "say__x_"},
      {"\x1b[2J\n", "_[2J_"},
      {"é", "__"},
      {"", "_"},
      {"[::1]:7400", "[::1]:7400"},
  };
  for (const auto& test : kCases) EXPECT_EQ(HdrLogTag(test.name), test.tag) << test.name;
}

}  // namespace
}  // namespace squall
