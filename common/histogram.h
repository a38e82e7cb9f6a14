// A histogram of times that keeps 3 significant digits over the whole range of 63 bits.
//
// The layout is HdrHistogram's (http://hdrhistogram.org; 3 significant digits, that is a
// "sub-bucket count" of 2048, and unit 1 ns): values below 2048 have a bucket each; above, every
// power of two is cut into 1024 equal buckets, so no bucket is wider than 1/1024 of the smallest
// value in it. Buckets are kept in rows of 1024, allocated when first touched; the index of a
// bucket, row * 1024 + place in the row, is HdrHistogram's index into its counts.
//
// Merging adds bucket for bucket: the result is the histogram that one recorder would have made of
// all the values, in whatever order and split they came. Counts are sums modulo 2^64; the caller
// keeps them below that (a count of requests is: each has a number of its own, below 2^63).
//
// Not thread-safe: each worker has its own. One that was moved from may only be assigned to,
// cleared or destroyed.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/decoded_histogram.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class Histogram {
 public:
  Histogram() = default;
  Histogram(const Histogram& other);
  Histogram& operator=(const Histogram& other);
  Histogram(Histogram&&) noexcept = default;
  Histogram& operator=(Histogram&&) noexcept = default;
  ~Histogram() = default;

  // `value` in nanoseconds; a value of 2^63 or more is a broken invariant (it would be 292 years).
  void Record(uint64_t value) {
    // Values too large lead to a row that never exists, so one test finds both new rows and them.
    const uint32_t row = RowOf(value);
    if (rows_[row] == nullptr) AddRow(row);
    ++(*rows_[row])[(value >> ShiftOf(row)) % kRowSize];
    ++count_;
    sum_ += value;
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
  }

  void Merge(const Histogram& other);
  // What is in it is added where it is, and nothing else is touched.
  void Merge(const DecodedHistogram& other);

  // Whether the values of `part` may be among these: bucket for bucket, and what is left has a sum
  // that its buckets can have.
  bool Contains(const Histogram& part) const;
  // What is left without the values of `part`, which this contains (a broken invariant otherwise).
  // Buckets, count and sum are exact; min and max are as close as these and the whole's tell: exact
  // if the part's are others, or if one value is left, and never outside their buckets.
  Histogram Without(const Histogram& part) const;

  // Forgets all values and keeps the memory.
  void Clear();

  uint64_t count() const { return count_; }
  // Exact. 0 when empty.
  uint64_t min() const { return count_ == 0 ? 0 : min_; }
  uint64_t max() const { return max_; }
  absl::uint128 sum() const { return sum_; }
  // Exact sum over count. 0 when empty.
  double Mean() const;
  // From the middles of the buckets, as HdrHistogram does: each is within 1/2048 of the values
  // that it stands for. 0 when empty.
  double StandardDeviation() const;

  // The largest value that the bucket of the ceil(fraction * count)-th smallest value stands for,
  // but never above max() or below min(). `fraction` in [0, 1]; 0 asks for the smallest value.
  // 0 when empty.
  uint64_t Quantile(double fraction) const;

  // Buckets that are not empty, by rising value.
  struct Bucket {
    uint64_t lowest;   // smallest value that falls into it
    uint64_t highest;  // largest value that falls into it
    uint64_t count;

    friend bool operator==(const Bucket&, const Bucket&) = default;
  };
  std::vector<Bucket> Buckets() const;

  v1::Histogram ToProto() const;
  // Refuses, as INVALID_ARGUMENT, whatever ToProto() could not have made: counts of 0, indices out
  // of range, sums that do not add up, min or max outside their buckets. The buckets are put into
  // `room`, which has MostCells() of them at least.
  static absl::StatusOr<DecodedHistogram> Decode(const v1::Histogram& proto,
                                                 absl::Span<HistogramCell> room);
  // What a message has at most, be it right or not.
  static size_t MostCells(const v1::Histogram& proto);
  static absl::StatusOr<Histogram> FromProto(const v1::Histogram& proto);

  // Bucket for bucket, and the same count, min, max and sum.
  friend bool operator==(const Histogram& a, const Histogram& b);

 private:
  static constexpr uint32_t kRowBits = 10;
  static constexpr uint32_t kRowSize = 1u << kRowBits;
  // Row 0: values below 1024. Row r > 0: values of r + 10 bits, in buckets 2^(r-1) wide.
  static constexpr uint32_t kRows = 63 - kRowBits + 1;
  using Row = std::array<uint64_t, kRowSize>;

  static uint32_t RowOf(uint64_t value) {
    return static_cast<uint32_t>(std::bit_width(value | (kRowSize - 1))) - kRowBits;
  }
  // Binary logarithm of the width of the row's buckets.
  static uint32_t ShiftOf(uint32_t row) { return row == 0 ? 0 : row - 1; }
  static uint64_t LowestOf(uint64_t index);
  static uint64_t HighestOf(uint64_t index);

  Row& AddRow(uint32_t row);

  // Calls `each` with index and count of every bucket that is not empty, by rising index.
  template <typename Each>
  void ForEachBucket(Each each) const {
    for (uint32_t row = 0; row < kRows; ++row) {
      if (rows_[row] == nullptr) continue;
      uint64_t index = uint64_t{row} * kRowSize;
      for (const uint64_t count : *rows_[row]) {
        if (count != 0) each(index, count);
        ++index;
      }
    }
  }

  // The last one, for values of 64 bits, is never allocated.
  std::array<std::unique_ptr<Row>, kRows + 1> rows_;
  uint64_t count_ = 0;
  uint64_t min_ = UINT64_MAX;
  uint64_t max_ = 0;
  absl::uint128 sum_ = 0;
};

}  // namespace squall
