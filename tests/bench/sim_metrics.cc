#include "tests/bench/sim_metrics.h"

namespace squall {
namespace {

constexpr size_t kDrawings = 4;  // of each count
constexpr size_t kMostCounts = 20'000;

constexpr Nanos kTransfer = 10'000;
constexpr Nanos kLag = 50'000;
constexpr uint64_t kBytesReceived = 238;
constexpr uint64_t kBytesSent = 84;

}  // namespace

Nanos SimMetrics::Draw(Nanos median, double sigma) {
  std::lognormal_distribution<double> factor(0, sigma);
  return static_cast<Nanos>(static_cast<double>(median) * factor(random_));
}

const v1::Metrics& SimMetrics::Of(uint64_t count, bool open_loop) {
  if (drawings_.size() > kMostCounts) drawings_.clear();
  auto& [made, next] = drawings_[{count, open_loop}];
  if (made.size() < kDrawings) {
    made.push_back(Make(count, open_loop));
    return made.back();
  }
  return made[next++ % kDrawings];
}

v1::Metrics SimMetrics::Make(uint64_t count, bool open_loop) {
  Outcome outcome;
  outcome.status = 200;
  outcome.bytes_received = kBytesReceived;
  outcome.bytes_sent = kBytesSent;
  for (uint64_t i = 0; i < count; ++i) {
    Latency latency;
    outcome.timings.transfer = Draw(kTransfer, 0.3);
    outcome.timings.first_byte = Draw(kService, 0.5);
    latency.service = outcome.timings.first_byte + outcome.timings.transfer;
    if (open_loop) latency.lag = Draw(kLag, 0.5);
    metrics_.Add(i, latency, outcome);
  }
  if (count > 0) metrics_.addresses["192.0.2.1:80"].requests = count;
  v1::Metrics proto = metrics_.ToProto();
  metrics_.Clear();
  return proto;
}

}  // namespace squall
