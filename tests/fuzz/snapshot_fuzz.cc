// Snapshots as agents send them.
//
// Properties: a true one is accepted; what is accepted is encoded to a message that decodes to the
// same. If it has a result for each number, as the coordinator demands, then its counts add up, and
// merging it with another of the same loop gives the same either way round: metrics that are
// accepted, without overflow of a count.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "common/check.h"
#include "common/decoded_metrics.h"
#include "common/metrics.h"
#include "common/span.h"
#include "tests/fuzz/outcomes.h"
#include "tests/fuzz/wire.h"

namespace squall {
namespace {

// Encodes without choice, so equal bytes are equal metrics.
std::string Encoded(const Metrics& metrics) { return metrics.ToProto().SerializeAsString(); }

bool SurvivesTheWire(const Metrics& metrics) {
  v1::Metrics proto;
  SQUALL_CHECK(proto.ParseFromString(Encoded(metrics)));
  const absl::StatusOr<Metrics> again = Metrics::FromProto(proto);
  return again.ok() && Encoded(*again) == Encoded(metrics);
}

// Closed and open loop do not mix. Counts that come beside the requests may be any that fit in 64
// bits, so an agent that lies can make them overflow.
bool Mergeable(const Metrics& a, const Metrics& b) {
  const bool one_loop = a.recorded() == 0 || b.recorded() == 0 || a.open_loop() == b.open_loop();
  return one_loop && a.waited <= UINT64_MAX - b.waited &&
         a.connections <= UINT64_MAX - b.connections &&
         a.addresses.size() + b.addresses.size() <= Metrics::kMaxAddresses;
}

void CheckMerge(const Metrics& metrics, const Metrics& other) {
  if (!Mergeable(metrics, other)) return;
  Metrics merged = metrics;
  merged.Merge(other);
  Metrics other_way = other;
  other_way.Merge(metrics);
  SQUALL_CHECK(Encoded(merged) == Encoded(other_way) && SurvivesTheWire(merged));
  Metrics from_the_wire = metrics;
  const v1::Metrics proto = other.ToProto();
  from_the_wire.Merge(*DecodedMetrics::Of(proto));
  SQUALL_CHECK(Encoded(from_the_wire) == Encoded(merged));
  SQUALL_CHECK(merged.recorded() - metrics.recorded() == other.recorded());
  SQUALL_CHECK(merged.recorded() >= metrics.recorded());
}

void TestSnapshot(FuzzedDataProvider& data) {
  const auto other = Metrics::FromProto(TrueSnapshot(data).metrics());
  SQUALL_CHECK(other.ok());
  const auto received = Receive(data, [&] { return TrueSnapshot(data); });
  if (!received.message) return;
  const absl::StatusOr<std::vector<Span>> held = RunsFromProto(received.message->held());
  const absl::StatusOr<Metrics> metrics = Metrics::FromProto(received.message->metrics());
  SQUALL_CHECK((held.ok() && metrics.ok()) || !received.is_true);
  if (!metrics.ok()) return;
  SQUALL_CHECK(SurvivesTheWire(*metrics));
  if (!held.ok()) return;
  uint64_t numbers = 0;
  for (const Span& run : *held) numbers += run.count;
  SQUALL_CHECK(!received.is_true || numbers == metrics->recorded());
  if (numbers != metrics->recorded()) return;
  CheckMerge(*metrics, *other);
  CheckMerge(*metrics, *metrics);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::TestSnapshot(data);
  return 0;
}
