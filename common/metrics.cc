#include "common/metrics.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "common/check.h"

namespace squall {
namespace {

using Sample = Metrics::Sample;

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
};

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("metrics: {}", what));
}

bool SameKind(const Sample& sample, v1::FailureKind kind, uint32_t status) {
  return sample.kind == kind && sample.status == status;
}

// Brings samples into their order and drops those that are too many. Which ones remain of many
// sets merged depends only on their union: a sample that is dropped has enough others before it,
// and whatever is added later, they or still earlier ones will be before it.
void Arrange(std::vector<Sample>& samples) {
  std::sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) {
    return std::tie(a.kind, a.status, a.number, a.detail) <
           std::tie(b.kind, b.status, b.number, b.detail);
  });
  std::vector<std::pair<size_t, Sample>> ranked;
  for (Sample& sample : samples) {
    const bool next = !ranked.empty() && SameKind(ranked.back().second, sample.kind, sample.status);
    const size_t rank = next ? ranked.back().first + 1 : 0;
    ranked.emplace_back(rank, std::move(sample));
  }
  std::erase_if(ranked, [](const auto& entry) { return entry.first >= Metrics::kSamplesPerKind; });
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.number) < std::tie(b.first, b.second.number);
  });
  if (ranked.size() > Metrics::kMaxSamples) ranked.resize(Metrics::kMaxSamples);
  samples.clear();
  for (auto& entry : ranked) samples.push_back(std::move(entry.second));
}

// Adds a sample if it is among those to be kept. Most failures are not, and cost no allocation.
void Keep(std::vector<Sample>& samples, v1::FailureKind kind, uint32_t status, uint64_t number,
          std::string_view detail) {
  const auto rank = std::count_if(samples.begin(), samples.end(), [&](const Sample& sample) {
    return SameKind(sample, kind, status) && sample.number < number;
  });
  if (static_cast<size_t>(rank) >= Metrics::kSamplesPerKind) return;
  if (samples.size() == Metrics::kMaxSamples) {
    const Sample& last = samples.back();
    const auto last_rank = std::count_if(
        samples.begin(), std::prev(samples.end()),
        [&](const Sample& sample) { return SameKind(sample, last.kind, last.status); });
    if (std::tie(rank, number) > std::tie(last_rank, last.number)) return;
  }
  samples.push_back(
      {kind, status, number, std::string(detail.substr(0, Metrics::kMaxDetailBytes))});
  Arrange(samples);
}

// Reads the proto's samples into `metrics`, whose counts are already there.
absl::Status ReadSamples(const v1::Metrics& proto, Metrics& metrics) {
  if (proto.samples_size() > static_cast<int>(Metrics::kMaxSamples)) {
    return Malformed("too many samples");
  }
  for (const v1::FailureSample& entry : proto.samples()) {
    const bool by_status = entry.kind() == v1::FAILURE_KIND_STATUS;
    const bool known = by_status ? entry.status() >= Metrics::kMinFailedStatus &&
                                       entry.status() < Metrics::kStatuses
                                 : v1::FailureKind_IsValid(entry.kind()) && entry.status() == 0;
    if (!known) return Malformed("sample of what is no failure");
    if (entry.detail().size() > Metrics::kMaxDetailBytes) return Malformed("sample too long");
    const uint64_t failures = by_status ? metrics.statuses[entry.status()]
                                        : metrics.failures[static_cast<size_t>(entry.kind())];
    const auto same = std::count_if(
        metrics.samples.begin(), metrics.samples.end(),
        [&entry](const Sample& sample) { return SameKind(sample, entry.kind(), entry.status()); });
    if (static_cast<uint64_t>(same) >= std::min<uint64_t>(failures, Metrics::kSamplesPerKind)) {
      return Malformed("more samples than failures");
    }
    metrics.samples.push_back({entry.kind(), entry.status(), entry.number(), entry.detail()});
  }
  Arrange(metrics.samples);
  return absl::OkStatus();
}

}  // namespace

void Metrics::Add(uint64_t number, uint64_t service_ns, const Outcome& outcome) {
  bytes_received += outcome.bytes_received;
  bytes_sent += outcome.bytes_sent;
  connections += outcome.connections;
  uint32_t status = 0;
  v1::FailureKind kind = outcome.kind;
  if (kind == v1::FAILURE_KIND_NONE) {
    status = outcome.status;
    SQUALL_CHECK(status >= kMinStatus && status < kStatuses);
    ++statuses[status];
    if (status < kMinFailedStatus) {
      ++succeeded;
      success_service.Record(service_ns);
      return;
    }
    kind = v1::FAILURE_KIND_STATUS;
  } else {
    SQUALL_CHECK(v1::FailureKind_IsValid(kind) && kind != v1::FAILURE_KIND_STATUS);
    ++failures[static_cast<size_t>(kind)];
  }
  ++failed;
  failure_service.Record(service_ns);
  Keep(samples, kind, status, number, outcome.detail);
}

void Metrics::Merge(const Metrics& other) {
  succeeded += other.succeeded;
  failed += other.failed;
  bytes_received += other.bytes_received;
  bytes_sent += other.bytes_sent;
  connections += other.connections;
  success_service.Merge(other.success_service);
  failure_service.Merge(other.failure_service);
  for (size_t i = 0; i < statuses.size(); ++i) statuses[i] += other.statuses[i];
  for (size_t i = 0; i < failures.size(); ++i) failures[i] += other.failures[i];
  if (other.samples.empty()) return;
  samples.insert(samples.end(), other.samples.begin(), other.samples.end());
  Arrange(samples);
}

void Metrics::Clear() {
  succeeded = failed = 0;
  bytes_received = bytes_sent = connections = 0;
  success_service.Clear();
  failure_service.Clear();
  statuses.fill(0);
  failures.fill(0);
  samples.clear();
}

uint64_t Metrics::responses() const {
  uint64_t sum = 0;
  for (const uint64_t count : statuses) sum += count;
  return sum;
}

v1::Metrics Metrics::ToProto() const {
  v1::Metrics proto;
  proto.set_succeeded(succeeded);
  proto.set_failed(failed);
  proto.set_bytes_received(bytes_received);
  proto.set_bytes_sent(bytes_sent);
  proto.set_connections(connections);
  *proto.mutable_success_service() = success_service.ToProto();
  *proto.mutable_failure_service() = failure_service.ToProto();
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
  absl::StatusOr<Histogram> success_service = Histogram::FromProto(proto.success_service());
  if (!success_service.ok()) return success_service.status();
  absl::StatusOr<Histogram> failure_service = Histogram::FromProto(proto.failure_service());
  if (!failure_service.ok()) return failure_service.status();

  Metrics metrics;
  metrics.succeeded = proto.succeeded();
  metrics.failed = proto.failed();
  metrics.bytes_received = proto.bytes_received();
  metrics.bytes_sent = proto.bytes_sent();
  metrics.connections = proto.connections();
  metrics.success_service = *std::move(success_service);
  metrics.failure_service = *std::move(failure_service);
  if (metrics.failed > UINT64_MAX - metrics.succeeded) return Malformed("counts overflow");
  if (metrics.succeeded != metrics.success_service.count() ||
      metrics.failed != metrics.failure_service.count()) {
    return Malformed("counts are not those of the histograms");
  }

  // Taken away from the totals rather than added up, so that nothing can overflow.
  uint64_t succeeded_left = metrics.succeeded;
  uint64_t failed_left = metrics.failed;
  uint32_t next_status = kMinStatus;
  for (const v1::StatusCount& entry : proto.statuses()) {
    if (entry.status() < next_status || entry.status() >= kStatuses) {
      return Malformed("status out of range or order");
    }
    next_status = entry.status() + 1;
    uint64_t& left = entry.status() < kMinFailedStatus ? succeeded_left : failed_left;
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
  if (absl::Status status = ReadSamples(proto, metrics); !status.ok()) return status;
  return metrics;
}

std::string_view FailureName(v1::FailureKind kind) {
  SQUALL_CHECK(v1::FailureKind_IsValid(kind));
  return kFailureNames[static_cast<size_t>(kind)];
}

}  // namespace squall
