// Metrics as the message that carries them.
#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "common/metrics.h"

namespace squall {
namespace {

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("metrics: {}", what));
}

// Each Read… takes its part out of the proto. Counts are taken away from totals rather than added
// up, so that nothing can overflow.

absl::Status ReadHistogram(const v1::Histogram& proto, Histogram& histogram) {
  absl::StatusOr<Histogram> read = Histogram::FromProto(proto);
  if (!read.ok()) return read.status();
  histogram = *std::move(read);
  return absl::OkStatus();
}

absl::Status ReadLatencies(const v1::Metrics& proto, Metrics& metrics) {
  for (const auto& [field, histogram] : {
           std::pair(&proto.success_service(), &metrics.success_service),
           std::pair(&proto.failure_service(), &metrics.failure_service),
           std::pair(&proto.success_response(), &metrics.success_response),
           std::pair(&proto.failure_response(), &metrics.failure_response),
           std::pair(&proto.schedule_lag(), &metrics.schedule_lag),
           std::pair(&proto.success_response_again(), &metrics.success_response_again),
       }) {
    if (absl::Status status = ReadHistogram(*field, *histogram); !status.ok()) return status;
  }
  if (metrics.failed > UINT64_MAX - metrics.succeeded) return Malformed("counts overflow");
  if (metrics.succeeded != metrics.success_service.count() ||
      metrics.failed != metrics.failure_service.count()) {
    return Malformed("counts are not those of the histograms");
  }
  const bool open_loop = metrics.open_loop();
  if (metrics.schedule_lag.count() != (open_loop ? metrics.recorded() : 0) ||
      metrics.success_response.count() != (open_loop ? metrics.succeeded : 0) ||
      metrics.failure_response.count() != (open_loop ? metrics.failed : 0)) {
    return Malformed("response times are not those of the requests");
  }
  if (!metrics.success_response.Contains(metrics.success_response_again)) {
    return Malformed("response times of numbers granted again are not among the others");
  }
  if (metrics.waited_beside_free > metrics.waited) return Malformed("more waited than waited");
  return absl::OkStatus();
}

absl::Status ReadStatusesAndFailures(const v1::Metrics& proto, Metrics& metrics) {
  uint64_t succeeded_left = metrics.succeeded;
  uint64_t failed_left = metrics.failed;
  uint32_t next_status = Metrics::kMinStatus;
  for (const v1::StatusCount& entry : proto.statuses()) {
    if (entry.status() < next_status || entry.status() >= Metrics::kStatuses) {
      return Malformed("status out of range or order");
    }
    next_status = entry.status() + 1;
    uint64_t& left = entry.status() < Metrics::kMinFailedStatus ? succeeded_left : failed_left;
    if (entry.count() == 0 || entry.count() > left) return Malformed("wrong count of a status");
    left -= entry.count();
    metrics.statuses[entry.status()] = entry.count();
  }
  int next_kind = v1::FAILURE_KIND_STATUS + 1;
  for (const v1::FailureCount& entry : proto.failures()) {
    if (entry.kind() < next_kind || !v1::FailureKind_IsValid(entry.kind())) {
      return Malformed("kind of failure unknown or out of order");
    }
    next_kind = entry.kind() + 1;
    if (entry.count() == 0 || entry.count() > failed_left) {
      return Malformed("wrong count of a kind of failure");
    }
    failed_left -= entry.count();
    metrics.failures[static_cast<size_t>(entry.kind())] = entry.count();
  }
  if (succeeded_left != 0 || failed_left != 0) {
    return Malformed("statuses and failures do not add up");
  }
  return absl::OkStatus();
}

// After the counts of statuses and failures.
absl::Status ReadSamples(const v1::Metrics& proto, Metrics& metrics) {
  if (proto.samples_size() > static_cast<int>(FailureSample::kMaxSamples)) {
    return Malformed("too many samples");
  }
  for (const v1::FailureSample& entry : proto.samples()) {
    const bool by_status = entry.kind() == v1::FAILURE_KIND_STATUS;
    const bool known = by_status ? entry.status() >= Metrics::kMinFailedStatus &&
                                       entry.status() < Metrics::kStatuses
                                 : v1::FailureKind_IsValid(entry.kind()) && entry.status() == 0;
    if (!known) return Malformed("sample of what is no failure");
    if (entry.detail().size() > FailureSample::kMaxDetailBytes) return Malformed("sample too long");
    const uint64_t failures = by_status ? metrics.statuses[entry.status()]
                                        : metrics.failures[static_cast<size_t>(entry.kind())];
    const auto same = std::count_if(metrics.samples.begin(), metrics.samples.end(),
                                    [&entry](const FailureSample& sample) {
                                      return sample.IsOf(entry.kind(), entry.status());
                                    });
    if (static_cast<uint64_t>(same) >= std::min<uint64_t>(failures, FailureSample::kMaxOfAKind)) {
      return Malformed("more samples than failures");
    }
    metrics.samples.push_back({entry.kind(), entry.status(), entry.number(), entry.detail()});
  }
  ArrangeSamples(metrics.samples);
  return absl::OkStatus();
}

absl::Status ReadAddresses(const v1::Metrics& proto, uint64_t responses, Metrics& metrics) {
  if (proto.addresses_size() > static_cast<int>(Metrics::kMaxAddresses)) {
    return Malformed("too many addresses");
  }
  uint64_t left = responses;
  for (const v1::AddressCount& entry : proto.addresses()) {
    const std::string& address = entry.address();
    if (address.empty() || address.size() > Metrics::kMaxAddressBytes) {
      return Malformed("address that is empty or too long");
    }
    if (!metrics.addresses.empty() && metrics.addresses.rbegin()->first >= address) {
      return Malformed("addresses out of order");
    }
    if (entry.connections() == 0 && entry.requests() == 0) return Malformed("address not used");
    if (entry.requests() > left) return Malformed("more answers from addresses than responses");
    left -= entry.requests();
    metrics.addresses.emplace_hint(metrics.addresses.end(), address,
                                   AddressCounts{entry.connections(), entry.requests()});
  }
  return absl::OkStatus();
}

}  // namespace

v1::Metrics Metrics::ToProto() const {
  v1::Metrics proto;
  proto.set_succeeded(succeeded);
  proto.set_failed(failed);
  proto.set_bytes_received(bytes_received);
  proto.set_bytes_sent(bytes_sent);
  proto.set_connections(connections);
  proto.set_resent(resent);
  *proto.mutable_success_service() = success_service.ToProto();
  *proto.mutable_failure_service() = failure_service.ToProto();
  *proto.mutable_success_response() = success_response.ToProto();
  *proto.mutable_failure_response() = failure_response.ToProto();
  *proto.mutable_schedule_lag() = schedule_lag.ToProto();
  *proto.mutable_success_response_again() = success_response_again.ToProto();
  proto.set_waited(waited);
  proto.set_waited_beside_free(waited_beside_free);
  *proto.mutable_timings() = timings.ToProto();
  for (const auto& [address, counts] : addresses) {
    v1::AddressCount& entry = *proto.add_addresses();
    entry.set_address(address);
    entry.set_connections(counts.connections);
    entry.set_requests(counts.requests);
  }
  for (uint32_t status = kMinStatus; status < kStatuses; ++status) {
    if (statuses[status] == 0) continue;
    v1::StatusCount& entry = *proto.add_statuses();
    entry.set_status(status);
    entry.set_count(statuses[status]);
  }
  for (size_t kind = 0; kind < failures.size(); ++kind) {
    if (failures[kind] == 0) continue;
    v1::FailureCount& entry = *proto.add_failures();
    entry.set_kind(static_cast<v1::FailureKind>(kind));
    entry.set_count(failures[kind]);
  }
  for (const Sample& sample : samples) {
    v1::FailureSample& entry = *proto.add_samples();
    entry.set_kind(sample.kind);
    entry.set_status(sample.status);
    entry.set_number(sample.number);
    entry.set_detail(sample.detail);
  }
  return proto;
}

absl::StatusOr<Metrics> Metrics::FromProto(const v1::Metrics& proto) {
  Metrics metrics;
  metrics.succeeded = proto.succeeded();
  metrics.failed = proto.failed();
  metrics.bytes_received = proto.bytes_received();
  metrics.bytes_sent = proto.bytes_sent();
  metrics.connections = proto.connections();
  metrics.resent = proto.resent();
  metrics.waited = proto.waited();
  metrics.waited_beside_free = proto.waited_beside_free();
  if (absl::Status status = ReadLatencies(proto, metrics); !status.ok()) return status;
  if (absl::Status status = ReadStatusesAndFailures(proto, metrics); !status.ok()) return status;
  if (absl::Status status = ReadSamples(proto, metrics); !status.ok()) return status;
  if (metrics.resent > metrics.recorded()) return Malformed("more resent than recorded");
  const uint64_t responses = metrics.responses();
  absl::StatusOr<TimingHistograms> timings =
      TimingHistograms::FromProto(proto.timings(), responses, metrics.connections);
  if (!timings.ok()) return timings.status();
  metrics.timings = *std::move(timings);
  if (absl::Status status = ReadAddresses(proto, responses, metrics); !status.ok()) return status;
  return metrics;
}

}  // namespace squall
