#include "common/metrics.h"

#include "common/check.h"

namespace squall {
namespace {

// By kind.
constexpr std::array<std::string_view, v1::FailureKind_ARRAYSIZE> kFailureNames = {
    "none",
    "status",
    "name not resolved",
    "connection refused",
    "connection failed",
    "TLS failed",
    "timeout",
    "closed before response",
    "incomplete response",
    "invalid response",
    "send failed",
    "redirect failed",
    "HTTP version not agreed",
    "proxy failed",
    "cut off",
    "other",
    "denied by policy",
    "header not as expected",
    "size not as expected",
    "body not as expected",
    "JSON not as expected",
    "script error in response()",
    "script error",
    "check failed",
};

}  // namespace

void Metrics::Add(uint64_t number, const Latency& latency, const Outcome& outcome,
                  TimingHistograms& timings_of_all) {
  bytes_received += outcome.bytes_received;
  bytes_sent += outcome.bytes_sent;
  connections += outcome.connections;
  resent += outcome.resent ? 1 : 0;
  uint32_t status = 0;
  v1::FailureKind kind = outcome.kind;
  if (kind == v1::FAILURE_KIND_NONE) {
    status = outcome.status;
    SQUALL_CHECK(status >= kMinStatus && status < kStatuses);
    ++statuses[status];
    // The parts of a request that was sent twice do not sum to its service time.
    if (!outcome.resent) timings_of_all.Add(outcome.timings, outcome.connections > 0);
    if (outcome.judged) {
      kind = *outcome.judged;
      SQUALL_CHECK(kind == v1::FAILURE_KIND_NONE || IsOfAnswer(kind));
    } else if (status >= kMinFailedStatus) {
      kind = v1::FAILURE_KIND_STATUS;
    }
  } else {
    SQUALL_CHECK(v1::FailureKind_IsValid(kind) && !IsOfAnswer(kind));
  }
  const bool success = kind == v1::FAILURE_KIND_NONE;
  const auto service = static_cast<uint64_t>(latency.service);
  (success ? success_service : failure_service).Record(service);
  if (latency.lag >= 0) {
    const auto lag = static_cast<uint64_t>(latency.lag);
    (success ? success_response : failure_response).Record(service + lag);
    schedule_lag.Record(lag);
    if (success && latency.again) success_response_again.Record(service + lag);
  }
  if (success) {
    ++succeeded;
  } else {
    ++failed;
    if (kind == v1::FAILURE_KIND_STATUS) {
      ++failed_statuses[status];
    } else {
      ++failures[static_cast<size_t>(kind)];
      status = 0;
    }
    KeepSample(samples, kind, status, number, outcome.detail);
  }
}

void Metrics::Merge(const Metrics& other) {
  succeeded += other.succeeded;
  failed += other.failed;
  bytes_received += other.bytes_received;
  bytes_sent += other.bytes_sent;
  connections += other.connections;
  resent += other.resent;
  success_service.Merge(other.success_service);
  failure_service.Merge(other.failure_service);
  success_response.Merge(other.success_response);
  failure_response.Merge(other.failure_response);
  schedule_lag.Merge(other.schedule_lag);
  success_response_again.Merge(other.success_response_again);
  waited += other.waited;
  waited_beside_free += other.waited_beside_free;
  timings.Merge(other.timings);
  for (const auto& [address, counts] : other.addresses) addresses[address] += counts;
  for (size_t i = 0; i < statuses.size(); ++i) {
    statuses[i] += other.statuses[i];
    failed_statuses[i] += other.failed_statuses[i];
  }
  for (size_t i = 0; i < failures.size(); ++i) failures[i] += other.failures[i];
  if (other.samples.empty()) return;
  samples.insert(samples.end(), other.samples.begin(), other.samples.end());
  ArrangeSamples(samples);
}

void Metrics::Clear() {
  succeeded = failed = 0;
  bytes_received = bytes_sent = connections = resent = 0;
  success_service.Clear();
  failure_service.Clear();
  success_response.Clear();
  failure_response.Clear();
  schedule_lag.Clear();
  success_response_again.Clear();
  waited = waited_beside_free = 0;
  timings.Clear();
  addresses.clear();
  statuses.fill(0);
  failed_statuses.fill(0);
  failures.fill(0);
  samples.clear();
}

uint64_t Metrics::responses() const {
  uint64_t sum = 0;
  for (const uint64_t count : statuses) sum += count;
  return sum;
}

std::string_view FailureName(v1::FailureKind kind) {
  SQUALL_CHECK(v1::FailureKind_IsValid(kind));
  return kFailureNames[static_cast<size_t>(kind)];
}

}  // namespace squall
