// What a single request costs squall's own pure pieces, by Google Benchmark (make bench-micro).
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "common/histogram.h"
#include "common/metrics.h"
#include "common/sequence.h"
#include "common/span.h"
#include "squall/v1/control.pb.h"

namespace squall {
namespace {

constexpr uint64_t kSeed = 1;
// What an agent has in a snapshot: a second at 100,000 requests a second.
constexpr size_t kSnapshotRequests = 100'000;

// Service times spread as those of a real run: log-normal around 1 ms. A power of two of them.
const std::vector<uint64_t>& ServiceTimes() {
  static const std::vector<uint64_t> times = [] {
    std::mt19937_64 random(kSeed);
    std::lognormal_distribution<double> distribution(std::log(1e6), 1.0);
    std::vector<uint64_t> drawn(1 << 16);
    for (uint64_t& time : drawn) time = static_cast<uint64_t>(distribution(random));
    return drawn;
  }();
  return times;
}

uint64_t ServiceTime(uint64_t n) { return ServiceTimes()[n % ServiceTimes().size()]; }

Outcome Success() {
  Outcome outcome;
  outcome.status = 200;
  outcome.bytes_received = 200;
  outcome.bytes_sent = 100;
  return outcome;
}

// In the order in which they end: two workers draw chunks in turns.
std::vector<uint64_t> CompletedNumbers() {
  constexpr uint64_t kChunk = 64;
  std::vector<uint64_t> numbers;
  for (uint64_t first = 0; first < kSnapshotRequests; first += 2 * kChunk) {
    for (uint64_t n = 0; n < kChunk; ++n) {
      numbers.push_back(first + n);
      numbers.push_back(first + kChunk + n);
    }
  }
  return numbers;
}

void HistogramRecord(benchmark::State& state) {
  Histogram histogram;
  uint64_t n = 0;
  for (auto _ : state) histogram.Record(ServiceTime(n++));
  benchmark::DoNotOptimize(histogram.count());
}
BENCHMARK(HistogramRecord);

void MetricsAdd(benchmark::State& state) {
  Metrics metrics;
  const Outcome outcome = Success();
  uint64_t n = 0;
  for (auto _ : state) {
    metrics.Add(n, ServiceTime(n), outcome);
    ++n;
  }
  benchmark::DoNotOptimize(metrics.succeeded);
}
BENCHMARK(MetricsAdd);

void SequenceIndex(benchmark::State& state, v1::Order order) {
  const Sequence sequence(order, kSeed, static_cast<uint64_t>(state.range(0)));
  uint64_t n = 0;
  for (auto _ : state) benchmark::DoNotOptimize(sequence.Index(n++));
}
BENCHMARK_CAPTURE(SequenceIndex, sequential, v1::ORDER_SEQUENTIAL)->Arg(1'000'000);
BENCHMARK_CAPTURE(SequenceIndex, random, v1::ORDER_RANDOM)->Arg(1'000'000);
// A size just above a power of four walks the most, one just below it the least.
BENCHMARK_CAPTURE(SequenceIndex, shuffled, v1::ORDER_SHUFFLED)->Arg(1'000'000)->Arg(1'100'000);

// Times and rates below are of a whole snapshot; items are its requests.
void NumbersToRuns(benchmark::State& state) {
  const std::vector<uint64_t> completed = CompletedNumbers();
  std::vector<uint64_t> numbers;
  for (auto _ : state) {
    numbers = completed;
    benchmark::DoNotOptimize(ToRuns(numbers, 1));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(completed.size()));
}
BENCHMARK(NumbersToRuns)->Unit(benchmark::kMillisecond);

void SnapshotEncode(benchmark::State& state) {
  Metrics metrics;
  for (uint64_t n = 0; n < kSnapshotRequests; ++n) metrics.Add(n, ServiceTime(n), Success());
  const std::vector<uint64_t> completed = CompletedNumbers();
  std::vector<uint64_t> numbers;
  std::string bytes;
  for (auto _ : state) {
    numbers = completed;
    v1::Snapshot snapshot;
    if (auto runs = ToRuns(numbers, 1); runs.ok()) *snapshot.mutable_held() = RunsToProto(*runs);
    *snapshot.mutable_metrics() = metrics.ToProto();
    snapshot.SerializeToString(&bytes);
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kSnapshotRequests));
}
BENCHMARK(SnapshotEncode)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace squall
