// Metrics as a message that was found right, with the buckets of its histograms read: once, for all
// that merge it (the fleet's, the agent's, those of a second).
//
// Borrows the message. May be moved. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/decoded_histogram.h"
#include "common/metrics_parts.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class DecodedMetrics {
 public:
  // INVALID_ARGUMENT if it contradicts itself (e.g. succeeded is not its histogram's count) or
  // Metrics::ToProto() could not have made it.
  static absl::StatusOr<DecodedMetrics> Of(const v1::Metrics& proto);

  const v1::Metrics& proto() const { return *proto_; }
  const DecodedHistogram& operator[](MetricsPart part) const {
    return parts_[static_cast<size_t>(part)];
  }
  const std::array<DecodedHistogram, kMetricsParts>& parts() const { return parts_; }

 private:
  // Memory for buckets. What was given back last is kept for the next: a controller of thousands
  // reads as many messages a second, one after the other.
  class Room {
   public:
    explicit Room(size_t cells);
    Room(Room&& other) noexcept = default;
    Room& operator=(Room&& other) noexcept = default;
    ~Room();

    absl::Span<HistogramCell> cells() { return absl::MakeSpan(*cells_); }

   private:
    std::unique_ptr<std::vector<HistogramCell>> cells_;  // null once moved from
  };

  DecodedMetrics(const v1::Metrics& proto, size_t most_cells) : proto_(&proto), room_(most_cells) {}

  // All but the histograms by themselves.
  absl::Status Check() const;
  absl::Status CheckLatencies() const;

  const v1::Metrics* proto_;
  std::array<DecodedHistogram, kMetricsParts> parts_;
  Room room_;
};

}  // namespace squall
