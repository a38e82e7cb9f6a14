// Metrics as the message that carries them.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "common/metrics.h"

namespace squall {
namespace {

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("metrics: {}", what));
}

// Counts are taken away from totals rather than added up, so that nothing can overflow.

absl::Status CheckLatencies(const v1::Metrics& proto) {
  for (const v1::Histogram* histogram :
       {&proto.success_service(), &proto.failure_service(), &proto.success_response(),
        &proto.failure_response(), &proto.schedule_lag(), &proto.success_response_again()}) {
    if (absl::Status status = Histogram::Check(*histogram); !status.ok()) return status;
  }
  if (proto.failed() > UINT64_MAX - proto.succeeded()) return Malformed("counts overflow");
  if (proto.succeeded() != proto.success_service().count() ||
      proto.failed() != proto.failure_service().count()) {
    return Malformed("counts are not those of the histograms");
  }
  const uint64_t timed = proto.schedule_lag().count();
  const bool open_loop = timed > 0;
  if (timed != (open_loop ? proto.succeeded() + proto.failed() : 0) ||
      proto.success_response().count() != (open_loop ? proto.succeeded() : 0) ||
      proto.failure_response().count() != (open_loop ? proto.failed() : 0)) {
    return Malformed("response times are not those of the requests");
  }
  if (proto.success_response_again().count() != 0) {  // after a loss
    Histogram whole;
    Histogram part;
    whole.Merge(proto.success_response());
    part.Merge(proto.success_response_again());
    if (!whole.Contains(part)) {
      return Malformed("response times of numbers granted again are not among the others");
    }
  }
  if (proto.waited_beside_free() > proto.waited()) return Malformed("more waited than waited");
  return absl::OkStatus();
}

// `responses`: how many there are, if all is well.
absl::Status CheckStatusesAndFailures(const v1::Metrics& proto, uint64_t& responses) {
  uint64_t left = proto.succeeded() + proto.failed();
  uint64_t failed_left = proto.failed();
  uint32_t next_status = Metrics::kMinStatus;
  for (const v1::StatusCount& entry : proto.statuses()) {
    if (entry.status() < next_status || entry.status() >= Metrics::kStatuses) {
      return Malformed("status out of range or order");
    }
    next_status = entry.status() + 1;
    const uint64_t failed = FailedOf(entry);
    if (entry.count() == 0 || entry.count() > left || failed > entry.count() ||
        failed > failed_left) {
      return Malformed("wrong count of a status");
    }
    left -= entry.count();
    failed_left -= failed;
  }
  responses = proto.succeeded() + proto.failed() - left;
  int next_kind = v1::FAILURE_KIND_STATUS + 1;
  for (const v1::FailureCount& entry : proto.failures()) {
    if (entry.kind() < next_kind || !v1::FailureKind_IsValid(entry.kind())) {
      return Malformed("kind of failure unknown or out of order");
    }
    next_kind = entry.kind() + 1;
    // Those of answers are among the statuses.
    const bool answered = IsOfAnswer(entry.kind());
    if (entry.count() == 0 || entry.count() > failed_left || (!answered && entry.count() > left)) {
      return Malformed("wrong count of a kind of failure");
    }
    failed_left -= entry.count();
    if (!answered) left -= entry.count();
  }
  if (left != 0 || failed_left != 0) return Malformed("statuses and failures do not add up");
  return absl::OkStatus();
}

// How many failures of a sample's sort there are.
uint64_t FailuresLike(const v1::FailureSample& sample, const v1::Metrics& proto) {
  if (sample.kind() == v1::FAILURE_KIND_STATUS) {
    for (const v1::StatusCount& entry : proto.statuses()) {
      if (entry.status() == sample.status()) return FailedOf(entry);
    }
    return 0;
  }
  for (const v1::FailureCount& entry : proto.failures()) {
    if (entry.kind() == sample.kind()) return entry.count();
  }
  return 0;
}

// After the counts of statuses and failures.
absl::Status CheckSamples(const v1::Metrics& proto) {
  if (proto.samples_size() > static_cast<int>(FailureSample::kMaxSamples)) {
    return Malformed("too many samples");
  }
  for (auto entry = proto.samples().begin(); entry != proto.samples().end(); ++entry) {
    const bool by_status = entry->kind() == v1::FAILURE_KIND_STATUS;
    const bool known = by_status ? entry->status() < Metrics::kStatuses
                                 : v1::FailureKind_IsValid(entry->kind()) && entry->status() == 0;
    if (!known) return Malformed("sample of what is no failure");
    if (entry->detail().size() > FailureSample::kMaxDetailBytes) {
      return Malformed("sample too long");
    }
    const auto before =
        std::count_if(proto.samples().begin(), entry, [&entry](const v1::FailureSample& sample) {
          return sample.kind() == entry->kind() && sample.status() == entry->status();
        });
    if (static_cast<uint64_t>(before) >=
        std::min<uint64_t>(FailuresLike(*entry, proto), FailureSample::kMaxOfAKind)) {
      return Malformed("more samples than failures");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAddresses(const v1::Metrics& proto, uint64_t responses) {
  if (proto.addresses_size() > static_cast<int>(Metrics::kMaxAddresses)) {
    return Malformed("too many addresses");
  }
  uint64_t left = responses;
  std::string_view before;
  for (const v1::AddressCount& entry : proto.addresses()) {
    const std::string& address = entry.address();
    if (address.empty() || address.size() > Metrics::kMaxAddressBytes) {
      return Malformed("address that is empty or too long");
    }
    if (before >= address) return Malformed("addresses out of order");
    before = address;
    if (entry.connections() == 0 && entry.requests() == 0) return Malformed("address not used");
    if (entry.requests() > left) return Malformed("more answers from addresses than responses");
    left -= entry.requests();
  }
  return absl::OkStatus();
}

}  // namespace

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

absl::Status Metrics::Check(const v1::Metrics& proto) {
  uint64_t responses = 0;
  absl::Status status = CheckLatencies(proto);
  if (status.ok()) status = CheckStatusesAndFailures(proto, responses);
  if (status.ok()) status = CheckSamples(proto);
  if (!status.ok()) return status;
  if (proto.resent() > proto.succeeded() + proto.failed()) {
    return Malformed("more resent than recorded");
  }
  status = TimingHistograms::Check(proto.timings(), responses, proto.connections());
  if (!status.ok()) return status;
  return CheckAddresses(proto, responses);
}

void Metrics::Merge(const v1::Metrics& checked) {
  succeeded += checked.succeeded();
  failed += checked.failed();
  bytes_received += checked.bytes_received();
  bytes_sent += checked.bytes_sent();
  connections += checked.connections();
  resent += checked.resent();
  success_service.Merge(checked.success_service());
  failure_service.Merge(checked.failure_service());
  success_response.Merge(checked.success_response());
  failure_response.Merge(checked.failure_response());
  schedule_lag.Merge(checked.schedule_lag());
  success_response_again.Merge(checked.success_response_again());
  waited += checked.waited();
  waited_beside_free += checked.waited_beside_free();
  timings.Merge(checked.timings());
  for (const v1::AddressCount& entry : checked.addresses()) {
    addresses[entry.address()] += {entry.connections(), entry.requests()};
  }
  for (const v1::StatusCount& entry : checked.statuses()) {
    statuses[entry.status()] += entry.count();
    failed_statuses[entry.status()] += FailedOf(entry);
  }
  for (const v1::FailureCount& entry : checked.failures()) {
    failures[static_cast<size_t>(entry.kind())] += entry.count();
  }
  if (checked.samples().empty()) return;
  for (const v1::FailureSample& entry : checked.samples()) {
    samples.push_back({entry.kind(), entry.status(), entry.number(), entry.detail()});
  }
  ArrangeSamples(samples);
}

absl::StatusOr<Metrics> Metrics::FromProto(const v1::Metrics& proto) {
  if (absl::Status status = Check(proto); !status.ok()) return status;
  Metrics metrics;
  metrics.Merge(proto);
  return metrics;
}

}  // namespace squall
