// Metrics that only sum up others, in little memory: those of one agent among thousands.
//
// What a controller keeps of an agent for a whole run: a bucket's count takes a byte as long as it
// is below 256, then two, four, eight. Expand() gives exactly what Metrics would have merged. Not
// thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/types/span.h"
#include "common/decoded_histogram.h"
#include "common/decoded_metrics.h"
#include "common/histogram.h"
#include "common/metrics.h"
#include "common/metrics_parts.h"

namespace squall {

class CompactHistogram {
 public:
  void Merge(const DecodedHistogram& other);
  Histogram Expand() const;

 private:
  static constexpr uint32_t kRowSize = 512;

  // The counts of neighbouring buckets, as wide as the largest of them needs.
  class Row {
   public:
    explicit Row(uint32_t number);

    // Its buckets are those from number * kRowSize on.
    uint32_t number() const { return number_; }
    uint64_t operator[](size_t place) const;
    void Prefetch(size_t place) const;
    // Of buckets of this row.
    void Add(absl::Span<const HistogramCell> cells);

   private:
    template <typename Count>
    Count* Counts() {
      return reinterpret_cast<Count*>(counts_.data());
    }
    template <typename Count>
    const Count* Counts() const {
      return reinterpret_cast<const Count*>(counts_.data());
    }
    // Adds to counts of this width; returns how many, as the next sum does not fit.
    template <typename Count>
    size_t AddAs(absl::Span<const HistogramCell> cells);
    template <typename Count, typename Wider>
    void Widen();

    uint32_t number_;
    uint32_t width_ = 1;  // bytes of a count: 1, 2, 4 or 8
    std::vector<std::byte> counts_;
  };

  // By number; made if there is none yet.
  std::vector<Row>::iterator RowOf(std::vector<Row>::iterator from, uint32_t number);

  std::vector<Row> rows_;  // by rising number
  uint64_t count_ = 0;
  uint64_t min_ = UINT64_MAX;
  uint64_t max_ = 0;
  absl::uint128 sum_ = 0;
};

class CompactMetrics {
 public:
  static constexpr size_t kCounters = 8;

  void Merge(const DecodedMetrics& other);
  Metrics Expand() const;

  uint64_t recorded() const;

 private:
  struct Status {
    uint64_t count = 0;
    uint64_t failed = 0;  // because of it
  };

  std::array<uint64_t, kCounters> counters_{};
  std::array<CompactHistogram, kMetricsParts> histograms_;
  std::map<std::string, AddressCounts> addresses_;
  std::map<size_t, Status> statuses_;
  std::map<size_t, uint64_t> failures_;  // by kind
  std::vector<Metrics::Sample> samples_;
};

}  // namespace squall
