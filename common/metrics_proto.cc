// Metrics as the message that carries them.
#include "common/decoded_metrics.h"
#include "common/metrics.h"
#include "common/metrics_parts.h"

namespace squall {
uint64_t FailedOf(const v1::StatusCount& entry) {
  if (entry.has_failed()) return entry.failed();
  return entry.status() >= Metrics::kMinFailedStatus ? entry.count() : 0;
}

v1::Metrics Metrics::ToProto() const {
  v1::Metrics proto;
  proto.set_succeeded(succeeded);
  proto.set_failed(failed);
  proto.set_bytes_received(bytes_received);
  proto.set_bytes_sent(bytes_sent);
  proto.set_connections(connections);
  proto.set_resent(resent);
  const auto put = [](const Histogram& histogram, auto mutable_field) {
    if (histogram.count() > 0) *mutable_field() = histogram.ToProto();
  };
  put(success_service, [&proto] { return proto.mutable_success_service(); });
  put(failure_service, [&proto] { return proto.mutable_failure_service(); });
  put(success_response, [&proto] { return proto.mutable_success_response(); });
  put(failure_response, [&proto] { return proto.mutable_failure_response(); });
  put(schedule_lag, [&proto] { return proto.mutable_schedule_lag(); });
  put(success_response_again, [&proto] { return proto.mutable_success_response_again(); });
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
    const uint64_t failed_of = failed_statuses[status];
    if (failed_of != FailedOf(entry)) entry.set_failed(failed_of);
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

void Metrics::Merge(const DecodedMetrics& other) {
  const v1::Metrics& proto = other.proto();
  succeeded += proto.succeeded();
  failed += proto.failed();
  bytes_received += proto.bytes_received();
  bytes_sent += proto.bytes_sent();
  connections += proto.connections();
  resent += proto.resent();
  const auto parts = PartsOf(*this);
  for (size_t part = 0; part < kMetricsParts; ++part) parts[part]->Merge(other.parts()[part]);
  waited += proto.waited();
  waited_beside_free += proto.waited_beside_free();
  for (const v1::AddressCount& entry : proto.addresses()) {
    addresses[entry.address()] += {entry.connections(), entry.requests()};
  }
  for (const v1::StatusCount& entry : proto.statuses()) {
    statuses[entry.status()] += entry.count();
    failed_statuses[entry.status()] += FailedOf(entry);
  }
  for (const v1::FailureCount& entry : proto.failures()) {
    failures[static_cast<size_t>(entry.kind())] += entry.count();
  }
  if (proto.samples().empty()) return;
  for (const v1::FailureSample& entry : proto.samples()) {
    samples.push_back({entry.kind(), entry.status(), entry.number(), entry.detail()});
  }
  ArrangeSamples(samples);
}

absl::StatusOr<Metrics> Metrics::FromProto(const v1::Metrics& proto) {
  const absl::StatusOr<DecodedMetrics> decoded = DecodedMetrics::Of(proto);
  if (!decoded.ok()) return decoded.status();
  Metrics metrics;
  metrics.Merge(*decoded);
  return metrics;
}

}  // namespace squall
