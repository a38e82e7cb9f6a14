#include "common/decoded_metrics.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/histogram.h"
#include "common/metrics.h"
#include "common/timings.h"

namespace squall {
namespace {

constexpr size_t kMostSpareCells = 65'536;
// Owned by the process, as Of() has nobody to keep it for it. Not one for each thread, which would
// need a destructor: the C library's way to call those has all that loads plug-ins with it, and a
// static program has none of that.
std::atomic<std::vector<HistogramCell>*> spare_cells = nullptr;

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("metrics: {}", what));
}

// Counts are taken away from totals rather than added up, so that nothing can overflow.

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

DecodedMetrics::Room::Room(size_t cells) : cells_(spare_cells.exchange(nullptr)) {
  if (cells_ == nullptr || cells_->size() < cells) {
    cells_ = std::make_unique<std::vector<HistogramCell>>(cells);
  }
}

DecodedMetrics::Room::~Room() {
  if (cells_ == nullptr || cells_->size() > kMostSpareCells) return;
  cells_.reset(spare_cells.exchange(cells_.release()));
}

absl::StatusOr<DecodedMetrics> DecodedMetrics::Of(const v1::Metrics& proto) {
  const auto histograms = PartsOf(proto);
  size_t most = 0;
  for (const v1::Histogram* histogram : histograms) most += Histogram::MostCells(*histogram);
  DecodedMetrics decoded(proto, most);
  absl::Span<HistogramCell> room = decoded.room_.cells();
  for (size_t part = 0; part < kMetricsParts; ++part) {
    const auto histogram = Histogram::Decode(*histograms[part], room);
    if (!histogram.ok()) return histogram.status();
    decoded.parts_[part] = *histogram;
    room.remove_prefix(histogram->cells.size());
  }
  if (absl::Status status = decoded.Check(); !status.ok()) return status;
  return decoded;
}

absl::Status DecodedMetrics::CheckLatencies() const {
  const v1::Metrics& proto = *proto_;
  const auto count = [this](MetricsPart part) { return (*this)[part].count; };
  if (proto.failed() > UINT64_MAX - proto.succeeded()) return Malformed("counts overflow");
  if (proto.succeeded() != count(MetricsPart::kSuccessService) ||
      proto.failed() != count(MetricsPart::kFailureService)) {
    return Malformed("counts are not those of the histograms");
  }
  const uint64_t timed = count(MetricsPart::kScheduleLag);
  const bool open_loop = timed > 0;
  if (timed != (open_loop ? proto.succeeded() + proto.failed() : 0) ||
      count(MetricsPart::kSuccessResponse) != (open_loop ? proto.succeeded() : 0) ||
      count(MetricsPart::kFailureResponse) != (open_loop ? proto.failed() : 0)) {
    return Malformed("response times are not those of the requests");
  }
  if (count(MetricsPart::kSuccessResponseAgain) != 0) {  // after a loss
    Histogram whole;
    Histogram part;
    whole.Merge((*this)[MetricsPart::kSuccessResponse]);
    part.Merge((*this)[MetricsPart::kSuccessResponseAgain]);
    if (!whole.Contains(part)) {
      return Malformed("response times of numbers granted again are not among the others");
    }
  }
  if (proto.waited_beside_free() > proto.waited()) return Malformed("more waited than waited");
  return absl::OkStatus();
}

absl::Status DecodedMetrics::Check() const {
  const v1::Metrics& proto = *proto_;
  uint64_t responses = 0;
  absl::Status status = CheckLatencies();
  if (status.ok()) status = CheckStatusesAndFailures(proto, responses);
  if (status.ok()) status = CheckSamples(proto);
  if (!status.ok()) return status;
  if (proto.resent() > proto.succeeded() + proto.failed()) {
    return Malformed("more resent than recorded");
  }
  status = TimingHistograms::CheckCounts(proto.timings(), responses, proto.connections());
  if (!status.ok()) return status;
  return CheckAddresses(proto, responses);
}

}  // namespace squall
