// A histogram of times that keeps 3 significant digits over the whole range of 63 bits.
//
// The layout is HdrHistogram's (http://hdrhistogram.org; "sub-bucket count" 2048, unit 1 ns):
// values below 2048 have a bucket each; above, every power of two is cut into 1024 equal buckets,
// so a bucket is never wider than 1/1024 of its values. Rows of 1024 buckets are allocated when
// first touched. Merging adds bucket for bucket: the result is the histogram that one recorder
// would have made of all the values, in whatever order and split they came.
//
// Not thread-safe: each worker has its own.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class Histogram {
 public:
  Histogram() = default;
  Histogram(const Histogram& other);
  Histogram& operator=(const Histogram& other);
  Histogram(Histogram&&) noexcept = default;
  Histogram& operator=(Histogram&&) noexcept = default;

  // `value` in nanoseconds; a value of 2^63 or more is a broken invariant (it would be 292 years).
  void Record(uint64_t value);

  void Merge(const Histogram& other);

  // Forgets all values and keeps the memory.
  void Clear();

  uint64_t count() const { return count_; }
  // Exact. 0 when empty.
  uint64_t min() const { return count_ == 0 ? 0 : min_; }
  uint64_t max() const { return max_; }
  absl::uint128 sum() const { return sum_; }
  // Exact sum over count. 0 when empty.
  double Mean() const;
  // From the middles of the buckets, as HdrHistogram does: within 0.1 % of a value. 0 when empty.
  double StandardDeviation() const;

  // The largest value that the bucket of the ceil(fraction * count)-th smallest value stands for,
  // but never above max() or below min(). `fraction` in [0, 1]. 0 when empty.
  uint64_t Quantile(double fraction) const;

  // Buckets that are not empty, by rising value.
  struct Bucket {
    uint64_t lowest;   // smallest value that falls into it
    uint64_t highest;  // largest value that falls into it
    uint64_t count;
  };
  std::vector<Bucket> Buckets() const;

  v1::Histogram ToProto() const;
  // Refuses, as INVALID_ARGUMENT, whatever ToProto() could not have made: counts of 0, indices out
  // of range, sums that do not add up, min or max outside their buckets.
  static absl::StatusOr<Histogram> FromProto(const v1::Histogram& proto);

  friend bool operator==(const Histogram& a, const Histogram& b);

 private:
  static constexpr int kRowBits = 10;
  static constexpr uint32_t kRowSize = 1u << kRowBits;
  // Row 0: values below 1024. Row r > 0: values of r + 10 bits, in buckets 2^(r-1) wide.
  static constexpr uint32_t kRows = 63 - kRowBits + 1;
  using Row = std::array<uint64_t, kRowSize>;

  std::array<std::unique_ptr<Row>, kRows> rows_;
  uint64_t count_ = 0;
  uint64_t min_ = UINT64_MAX;
  uint64_t max_ = 0;
  absl::uint128 sum_ = 0;
};

}  // namespace squall
