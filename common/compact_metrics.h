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
#include <variant>
#include <vector>

#include "absl/numeric/int128.h"
#include "common/histogram.h"
#include "common/metrics.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class CompactHistogram {
 public:
  // `proto` is one that Histogram::FromProto() takes.
  void Merge(const v1::Histogram& proto);
  Histogram Expand() const;

 private:
  // The counts of neighbouring buckets, as wide as the largest of them needs.
  class Row {
   public:
    uint64_t operator[](size_t place) const;
    void Add(size_t place, uint64_t count);

   private:
    template <typename Count>
    using Counts = std::vector<Count>;

    // Adds to a count of this width; false if the sum does not fit.
    template <typename Count>
    bool TryAdd(size_t place, uint64_t count);
    template <typename Count, typename Wider>
    void Widen();

    std::variant<Counts<uint8_t>, Counts<uint16_t>, Counts<uint32_t>, Counts<uint64_t>> counts_ =
        Counts<uint8_t>(kRowSize);
  };

  static constexpr uint64_t kRowSize = 512;

  std::map<uint64_t, Row> rows_;  // by the index of their first bucket
  uint64_t count_ = 0;
  uint64_t min_ = UINT64_MAX;
  uint64_t max_ = 0;
  absl::uint128 sum_ = 0;
};

class CompactMetrics {
 public:
  static constexpr size_t kCounters = 8;
  static constexpr size_t kHistograms = 13;

  // `proto` is one that Metrics::FromProto() takes: as a message it lists only what there is.
  void Merge(const v1::Metrics& proto);
  Metrics Expand() const;

  uint64_t recorded() const;

 private:
  struct Status {
    uint64_t count = 0;
    uint64_t failed = 0;  // because of it
  };

  std::array<uint64_t, kCounters> counters_{};
  std::array<CompactHistogram, kHistograms> histograms_;
  std::map<std::string, AddressCounts> addresses_;
  std::map<size_t, Status> statuses_;
  std::map<size_t, uint64_t> failures_;  // by kind
  std::vector<Metrics::Sample> samples_;
};

}  // namespace squall
