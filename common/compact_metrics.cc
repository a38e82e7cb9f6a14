#include "common/compact_metrics.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/check.h"
#include "common/failure_samples.h"
#include "common/histogram_cells.h"

namespace squall {
namespace {

// A counter, and the field that carries it.
struct Counter {
  uint64_t Metrics::*counter;
  uint64_t (v1::Metrics::*field)() const;
};

constexpr std::array<Counter, CompactMetrics::kCounters> kCounterFields = {{
    {&Metrics::succeeded, &v1::Metrics::succeeded},
    {&Metrics::failed, &v1::Metrics::failed},
    {&Metrics::bytes_received, &v1::Metrics::bytes_received},
    {&Metrics::bytes_sent, &v1::Metrics::bytes_sent},
    {&Metrics::connections, &v1::Metrics::connections},
    {&Metrics::resent, &v1::Metrics::resent},
    {&Metrics::waited, &v1::Metrics::waited},
    {&Metrics::waited_beside_free, &v1::Metrics::waited_beside_free},
}};

// In the order in which they are kept.
std::array<const v1::Histogram*, CompactMetrics::kHistograms> HistogramsOf(
    const v1::Metrics& proto) {
  const v1::Timings& timings = proto.timings();
  return {
      &proto.success_service(),    &proto.failure_service(),     &proto.success_response(),
      &proto.failure_response(),   &proto.schedule_lag(),        &proto.success_response_again(),
      &timings.resolve(),          &timings.connect(),           &timings.tls(),
      &timings.first_byte_fresh(), &timings.first_byte_reused(), &timings.transfer_fresh(),
      &timings.transfer_reused()};
}

std::array<Histogram*, CompactMetrics::kHistograms> HistogramsOf(Metrics& metrics) {
  TimingHistograms& timings = metrics.timings;
  return {&metrics.success_service,  &metrics.failure_service,   &metrics.success_response,
          &metrics.failure_response, &metrics.schedule_lag,      &metrics.success_response_again,
          &timings.resolve,          &timings.connect,           &timings.tls,
          &timings.first_byte_fresh, &timings.first_byte_reused, &timings.transfer_fresh,
          &timings.transfer_reused};
}

}  // namespace

uint64_t CompactHistogram::Row::operator[](size_t place) const {
  return std::visit([place](const auto& counts) { return uint64_t{counts[place]}; }, counts_);
}

template <typename Count>
bool CompactHistogram::Row::TryAdd(size_t place, uint64_t count) {
  Count& ours = (*std::get_if<Counts<Count>>(&counts_))[place];
  const uint64_t sum = ours + count;
  if (sum > std::numeric_limits<Count>::max()) return false;
  ours = static_cast<Count>(sum);
  return true;
}

template <typename Count, typename Wider>
void CompactHistogram::Row::Widen() {
  const auto narrow = std::get<Counts<Count>>(std::move(counts_));
  counts_ = Counts<Wider>(narrow.begin(), narrow.end());
}

// A switch, as it is done for every bucket of every snapshot.
inline void CompactHistogram::Row::Add(size_t place, uint64_t count) {
  switch (counts_.index()) {
    case 0:
      if (TryAdd<uint8_t>(place, count)) return;
      Widen<uint8_t, uint16_t>();
      [[fallthrough]];
    case 1:
      if (TryAdd<uint16_t>(place, count)) return;
      Widen<uint16_t, uint32_t>();
      [[fallthrough]];
    case 2:
      if (TryAdd<uint32_t>(place, count)) return;
      Widen<uint32_t, uint64_t>();
      [[fallthrough]];
    default:
      TryAdd<uint64_t>(place, count);
  }
}

void CompactHistogram::Merge(const v1::Histogram& proto) {
  if (proto.count() == 0) return;
  auto row = rows_.end();
  ReadCells(proto, [&](uint64_t index, uint64_t count) {
    const uint64_t first = index - index % kRowSize;
    if (row == rows_.end() || row->first != first) row = rows_.try_emplace(first).first;
    row->second.Add(index % kRowSize, count);
    return true;
  });
  count_ += proto.count();
  min_ = std::min(min_, proto.min_ns());
  max_ = std::max(max_, proto.max_ns());
  sum_ += absl::MakeUint128(proto.sum_high(), proto.sum_low());
}

Histogram CompactHistogram::Expand() const {
  v1::Histogram proto;
  proto.set_count(count_);
  proto.set_min_ns(count_ == 0 ? 0 : min_);
  proto.set_max_ns(max_);
  proto.set_sum_high(absl::Uint128High64(sum_));
  proto.set_sum_low(absl::Uint128Low64(sum_));
  CellWriter cells(proto);
  for (const auto& [first, row] : rows_) {
    for (size_t place = 0; place < kRowSize; ++place) {
      if (const uint64_t count = row[place]; count != 0) cells.Add(first + place, count);
    }
  }
  absl::StatusOr<Histogram> histogram = Histogram::FromProto(proto);
  SQUALL_CHECK(histogram.ok());
  return *std::move(histogram);
}

void CompactMetrics::Merge(const v1::Metrics& proto) {
  for (size_t i = 0; i < kCounters; ++i) counters_[i] += (proto.*kCounterFields[i].field)();
  const auto histograms = HistogramsOf(proto);
  for (size_t i = 0; i < kHistograms; ++i) histograms_[i].Merge(*histograms[i]);
  for (const v1::AddressCount& entry : proto.addresses()) {
    addresses_[entry.address()] += {entry.connections(), entry.requests()};
  }
  for (const v1::StatusCount& entry : proto.statuses()) {
    Status& status = statuses_[entry.status()];
    status.count += entry.count();
    status.failed += FailedOf(entry);
  }
  for (const v1::FailureCount& entry : proto.failures()) {
    failures_[static_cast<size_t>(entry.kind())] += entry.count();
  }
  if (proto.samples().empty()) return;
  for (const v1::FailureSample& entry : proto.samples()) {
    samples_.push_back({entry.kind(), entry.status(), entry.number(), entry.detail()});
  }
  ArrangeSamples(samples_);
}

Metrics CompactMetrics::Expand() const {
  Metrics metrics;
  for (size_t i = 0; i < kCounters; ++i) metrics.*kCounterFields[i].counter = counters_[i];
  const auto histograms = HistogramsOf(metrics);
  for (size_t i = 0; i < kHistograms; ++i) *histograms[i] = histograms_[i].Expand();
  metrics.addresses = addresses_;
  for (const auto& [status, counts] : statuses_) {
    metrics.statuses[status] = counts.count;
    metrics.failed_statuses[status] = counts.failed;
  }
  for (const auto& [kind, count] : failures_) metrics.failures[kind] = count;
  metrics.samples = samples_;
  return metrics;
}

uint64_t CompactMetrics::recorded() const { return counters_[0] + counters_[1]; }

}  // namespace squall
