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

}  // namespace

CompactHistogram::Row::Row(uint32_t number) : number_(number), counts_(kRowSize) {}

uint64_t CompactHistogram::Row::operator[](size_t place) const {
  switch (width_) {
    case 1:
      return Counts<uint8_t>()[place];
    case 2:
      return Counts<uint16_t>()[place];
    case 4:
      return Counts<uint32_t>()[place];
    default:
      return Counts<uint64_t>()[place];
  }
}

void CompactHistogram::Row::Prefetch(size_t place) const {
  constexpr int kToWrite = 1;
  __builtin_prefetch(counts_.data() + place * width_, kToWrite);
}

template <typename Count>
size_t CompactHistogram::Row::AddAs(absl::Span<const HistogramCell> cells) {
  Count* const counts = Counts<Count>();
  for (size_t i = 0; i < cells.size(); ++i) {
    Count& ours = counts[cells[i].index % kRowSize];
    const uint64_t sum = ours + cells[i].count;
    if (sum > std::numeric_limits<Count>::max()) return i;
    ours = static_cast<Count>(sum);
  }
  return cells.size();
}

template <typename Count, typename Wider>
void CompactHistogram::Row::Widen() {
  std::vector<std::byte> narrow(kRowSize * sizeof(Wider));
  narrow.swap(counts_);
  width_ = sizeof(Wider);
  const Count* const from = reinterpret_cast<const Count*>(narrow.data());
  std::copy(from, from + kRowSize, Counts<Wider>());
}

void CompactHistogram::Row::Add(absl::Span<const HistogramCell> cells) {
  switch (width_) {
    case 1:
      cells.remove_prefix(AddAs<uint8_t>(cells));
      if (cells.empty()) return;
      Widen<uint8_t, uint16_t>();
      [[fallthrough]];
    case 2:
      cells.remove_prefix(AddAs<uint16_t>(cells));
      if (cells.empty()) return;
      Widen<uint16_t, uint32_t>();
      [[fallthrough]];
    case 4:
      cells.remove_prefix(AddAs<uint32_t>(cells));
      if (cells.empty()) return;
      Widen<uint32_t, uint64_t>();
      [[fallthrough]];
    default:
      AddAs<uint64_t>(cells);
  }
}

std::vector<CompactHistogram::Row>::iterator CompactHistogram::RowOf(
    std::vector<Row>::iterator from, uint32_t number) {
  while (from != rows_.end() && from->number() < number) ++from;
  return from != rows_.end() && from->number() == number ? from : rows_.emplace(from, number);
}

// What an agent has come to was last touched a second ago, and thousands of others since: first all
// of it is asked for at once.
void CompactHistogram::Merge(const DecodedHistogram& other) {
  if (other.cells.empty()) return;
  auto row = rows_.begin();
  for (const HistogramCell& cell : other.cells) {
    const uint32_t number = cell.index / kRowSize;
    if (row == rows_.end() || row->number() != number) row = RowOf(row, number);
    row->Prefetch(cell.index % kRowSize);
  }
  row = rows_.begin();
  for (auto cell = other.cells.begin(); cell != other.cells.end();) {
    const uint32_t number = cell->index / kRowSize;
    const auto begin = cell;
    while (cell != other.cells.end() && cell->index / kRowSize == number) ++cell;
    row = RowOf(row, number);
    row->Add({&*begin, static_cast<size_t>(cell - begin)});
  }
  count_ += other.count;
  min_ = std::min(min_, other.min);
  max_ = std::max(max_, other.max);
  sum_ += other.sum;
}

Histogram CompactHistogram::Expand() const {
  v1::Histogram proto;
  proto.set_count(count_);
  proto.set_min_ns(count_ == 0 ? 0 : min_);
  proto.set_max_ns(max_);
  proto.set_sum_high(absl::Uint128High64(sum_));
  proto.set_sum_low(absl::Uint128Low64(sum_));
  CellWriter cells(proto);
  for (const Row& row : rows_) {
    const uint64_t first = uint64_t{row.number()} * kRowSize;
    for (size_t place = 0; place < kRowSize; ++place) {
      if (const uint64_t count = row[place]; count != 0) cells.Add(first + place, count);
    }
  }
  absl::StatusOr<Histogram> histogram = Histogram::FromProto(proto);
  SQUALL_CHECK(histogram.ok());
  return *std::move(histogram);
}

void CompactMetrics::Merge(const DecodedMetrics& other) {
  const v1::Metrics& proto = other.proto();
  for (size_t i = 0; i < kCounters; ++i) counters_[i] += (proto.*kCounterFields[i].field)();
  for (size_t part = 0; part < kMetricsParts; ++part) histograms_[part].Merge(other.parts()[part]);
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
  const auto parts = PartsOf(metrics);
  for (size_t part = 0; part < kMetricsParts; ++part) *parts[part] = histograms_[part].Expand();
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
