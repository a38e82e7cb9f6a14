// The histograms that metrics have, as a table: for those that do the same with each.
#pragma once

#include <array>
#include <cstddef>

#include "common/histogram.h"
#include "common/metrics.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

enum class MetricsPart : size_t {
  kSuccessService,
  kFailureService,
  kSuccessResponse,
  kFailureResponse,
  kScheduleLag,
  kSuccessResponseAgain,
  kResolve,
  kConnect,
  kTls,
  kFirstByteFresh,
  kFirstByteReused,
  kTransferFresh,
  kTransferReused,
};
inline constexpr size_t kMetricsParts = 13;

// By part.
inline std::array<const v1::Histogram*, kMetricsParts> PartsOf(const v1::Metrics& proto) {
  const v1::Timings& timings = proto.timings();
  return {
      &proto.success_service(),    &proto.failure_service(),     &proto.success_response(),
      &proto.failure_response(),   &proto.schedule_lag(),        &proto.success_response_again(),
      &timings.resolve(),          &timings.connect(),           &timings.tls(),
      &timings.first_byte_fresh(), &timings.first_byte_reused(), &timings.transfer_fresh(),
      &timings.transfer_reused()};
}

inline std::array<Histogram*, kMetricsParts> PartsOf(Metrics& metrics) {
  TimingHistograms& timings = metrics.timings;
  return {&metrics.success_service,  &metrics.failure_service,   &metrics.success_response,
          &metrics.failure_response, &metrics.schedule_lag,      &metrics.success_response_again,
          &timings.resolve,          &timings.connect,           &timings.tls,
          &timings.first_byte_fresh, &timings.first_byte_reused, &timings.transfer_fresh,
          &timings.transfer_reused};
}

}  // namespace squall
