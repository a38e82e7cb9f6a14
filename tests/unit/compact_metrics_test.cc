#include "common/compact_metrics.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include <gtest/gtest.h>

#include "common/histogram_cells.h"

namespace squall {
namespace {

// Of one request, of any kind.
void AddAny(std::mt19937_64& random, uint64_t number, bool open_loop, Metrics& metrics) {
  Latency latency;
  latency.service = static_cast<Nanos>(random() >> (1 + random() % 62));
  if (open_loop) latency.lag = static_cast<Nanos>(random() >> 40);
  latency.again = random() % 8 == 0;
  Outcome outcome;
  outcome.status = 200 + 100 * static_cast<uint32_t>(random() % 4);
  if (random() % 4 == 0) outcome.kind = v1::FAILURE_KIND_TIMEOUT;
  outcome.bytes_received = random() % 1000;
  outcome.bytes_sent = random() % 100;
  outcome.connections = static_cast<uint32_t>(random() % 2);
  outcome.resent = random() % 16 == 0;
  outcome.timings = {.resolve = 5, .connect = 6, .tls = 7, .first_byte = 8, .transfer = 9};
  outcome.detail = "why";
  metrics.Add(number, latency, outcome);
}

TEST(CompactMetricsTest, ExpandsToExactlyWhatWasMerged) {
  std::mt19937_64 random(1);
  for (int run = 0; run < 20; ++run) {
    CompactMetrics compact;
    Metrics whole;
    for (uint64_t part = 0; part < 5; ++part) {
      Metrics metrics;
      for (uint64_t i = 0; i < random() % 300; ++i) {
        AddAny(random, 1000 * part + i, run % 2 == 0, metrics);
      }
      metrics.waited = 10 + random() % 10;
      metrics.waited_beside_free = random() % 10;
      metrics.addresses[part % 2 == 0 ? "192.0.2.1:80" : "192.0.2.2:80"] = {
          1 + part, std::min(2 * part, metrics.responses())};
      const v1::Metrics proto = metrics.ToProto();
      compact.Merge(*DecodedMetrics::Of(proto));
      whole.Merge(metrics);
    }
    EXPECT_EQ(compact.recorded(), whole.recorded());
    EXPECT_EQ(compact.Expand().ToProto().SerializeAsString(), whole.ToProto().SerializeAsString());
  }
}

TEST(CompactMetricsTest, CountsOfAnySizeFit) {
  for (const uint64_t count : {uint64_t{255}, uint64_t{256}, uint64_t{65'535}, uint64_t{65'536},
                               uint64_t{0xffff'ffff}, uint64_t{0x1'0000'0000}, uint64_t{1} << 59}) {
    v1::Histogram proto;
    proto.set_count(count);
    proto.set_min_ns(1);
    proto.set_max_ns(1);
    proto.set_sum_low(count);
    CellWriter(proto).Add(1, count);
    const Histogram histogram = *Histogram::FromProto(proto);
    std::array<HistogramCell, 1> room;
    const DecodedHistogram decoded = *Histogram::Decode(proto, absl::MakeSpan(room));
    CompactHistogram compact;
    EXPECT_EQ(compact.Expand(), Histogram());
    Histogram whole;
    for (int i = 0; i < 3; ++i) {
      compact.Merge(decoded);
      whole.Merge(histogram);
      EXPECT_EQ(compact.Expand(), whole) << count;
    }
  }
}

}  // namespace
}  // namespace squall
