#include "common/histogram_cells.h"

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "absl/numeric/int128.h"
#include "absl/types/span.h"
#include "common/histogram.h"

namespace squall {
namespace {

// Index, count.
using Entries = std::vector<std::pair<uint32_t, uint64_t>>;

// Most near and few of each, others as far and as many as `random` says.
Entries AnyEntries(std::mt19937_64& random) {
  constexpr std::array<uint32_t, 10> kSkipped = {0, 1, 6, 7, 8, 133, 134, 135, 1022, 5000};
  constexpr std::array<uint64_t, 8> kCounts = {1, 2, 15, 16, 17, 1000, 1u << 20, uint64_t{1} << 40};
  const size_t far = 1 + random() % kSkipped.size();
  const size_t large = 1 + random() % kCounts.size();
  Entries entries;
  for (uint32_t index = static_cast<uint32_t>(random() % 2000); entries.size() < 600; ++index) {
    const bool is_plain = random() % 8 != 0;
    index += kSkipped[random() % (is_plain ? 3 : far)];
    if (index >= 40'000) break;
    entries.emplace_back(index, kCounts[random() % (is_plain ? 3 : large)]);
  }
  return entries;
}

uint64_t LowestOf(uint64_t index) {
  return index < 1024 ? index : (1024 + index % 1024) << (index / 1024 - 1);
}

// With as little of a sum as they can have.
v1::Histogram ProtoOf(const Entries& entries) {
  v1::Histogram proto;
  CellWriter cells(proto);
  absl::uint128 sum = 0;
  uint64_t total = 0;
  for (const auto& [index, count] : entries) {
    cells.Add(index, count);
    total += count;
    sum += absl::uint128(LowestOf(index)) * count;
  }
  proto.set_count(total);
  proto.set_min_ns(LowestOf(entries.front().first));
  proto.set_max_ns(LowestOf(entries.back().first));
  proto.set_sum_high(absl::Uint128High64(sum));
  proto.set_sum_low(absl::Uint128Low64(sum));
  return proto;
}

// There is a short way for most of them.
TEST(HistogramCells, AreDecodedHoweverTheyAreWritten) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    const Entries entries = AnyEntries(random);
    const v1::Histogram proto = ProtoOf(entries);
    std::vector<HistogramCell> room(Histogram::MostCells(proto));
    const auto decoded = Histogram::Decode(proto, absl::MakeSpan(room));
    ASSERT_TRUE(decoded.ok()) << decoded.status() << " " << seed;
    Entries found;
    for (const HistogramCell& cell : decoded->cells) found.emplace_back(cell.index, cell.count);
    ASSERT_EQ(found, entries) << seed;

    v1::Histogram less = proto;
    less.set_sum_low(proto.sum_low() - 1);
    ASSERT_FALSE(Histogram::Decode(less, absl::MakeSpan(room)).ok()) << seed;
    v1::Histogram fewer = proto;
    fewer.mutable_cells()->pop_back();
    ASSERT_FALSE(Histogram::Decode(fewer, absl::MakeSpan(room)).ok()) << seed;
  }
}

// What the short way must leave to the other one, which refuses it.
TEST(HistogramCells, ThatAreWrittenLongerThanTheyNeedAreRefused) {
  const v1::Histogram good = ProtoOf({{1, 1}, {2, 1}, {3, 1}});
  std::vector<HistogramCell> room(16);
  ASSERT_TRUE(Histogram::Decode(good, absl::MakeSpan(room)).ok());
  for (const size_t at : {size_t{0}, size_t{1}, size_t{2}}) {
    v1::Histogram longer = good;
    std::string& cells = *longer.mutable_cells();
    cells[at] = static_cast<char>(cells[at] | 0x80);
    cells.insert(at + 1, 1, '\0');
    EXPECT_FALSE(Histogram::Decode(longer, absl::MakeSpan(room)).ok()) << at;
  }
}

}  // namespace
}  // namespace squall
