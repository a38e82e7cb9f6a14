// Metrics as a message that was found right, with the buckets of its histograms read: once, for all
// that merge it (the fleet's, the agent's, those of a second).
//
// Borrows the message. May be moved. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
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
  explicit DecodedMetrics(const v1::Metrics& proto) : proto_(&proto) {}

  // All but the histograms by themselves.
  absl::Status Check() const;
  absl::Status CheckLatencies() const;

  const v1::Metrics* proto_;
  std::array<DecodedHistogram, kMetricsParts> parts_;
  std::unique_ptr<HistogramCell[]> cells_;
};

}  // namespace squall
