// Histograms as agents send them.
//
// Properties: a true one is accepted; what is accepted is encoded to a message that decodes to the
// same; its figures are in order (min ≤ quantiles ≤ max, rising); merged with another it gives the
// same either way round, and a histogram that is accepted.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <fuzzer/FuzzedDataProvider.h>

#include "common/check.h"
#include "common/histogram.h"
#include "tests/fuzz/wire.h"

namespace squall {
namespace {

Histogram TrueHistogram(FuzzedDataProvider& data) {
  Histogram histogram;
  for (int values = data.ConsumeIntegralInRange(0, 16); values > 0; --values) {
    histogram.Record(data.ConsumeIntegral<uint64_t>() >> data.ConsumeIntegralInRange(1, 63));
  }
  return histogram;
}

bool SurvivesTheWire(const Histogram& histogram) {
  v1::Histogram proto;
  SQUALL_CHECK(proto.ParseFromString(histogram.ToProto().SerializeAsString()));
  const absl::StatusOr<Histogram> again = Histogram::FromProto(proto);
  return again.ok() && *again == histogram;
}

void CheckFigures(const Histogram& histogram) {
  SQUALL_CHECK(std::isfinite(histogram.Mean()) && histogram.Mean() >= 0);
  SQUALL_CHECK(std::isfinite(histogram.StandardDeviation()));
  uint64_t before = histogram.min();
  for (const double fraction : {0.0, 0.01, 0.5, 0.9, 0.9999, 1.0}) {
    const uint64_t value = histogram.Quantile(fraction);
    SQUALL_CHECK(value >= before && value <= histogram.max());
    before = value;
  }
}

void TestHistogram(FuzzedDataProvider& data) {
  const Histogram other = TrueHistogram(data);
  const auto received = Receive(data, [&] { return TrueHistogram(data).ToProto(); });
  if (!received.message) return;
  const absl::StatusOr<Histogram> histogram = Histogram::FromProto(*received.message);
  SQUALL_CHECK(histogram.ok() || !received.is_true);
  if (!histogram.ok()) return;
  SQUALL_CHECK(SurvivesTheWire(*histogram));
  CheckFigures(*histogram);

  if (histogram->count() > UINT64_MAX - other.count()) return;  // the caller's to prevent
  Histogram merged = *histogram;
  merged.Merge(other);
  Histogram other_way = other;
  other_way.Merge(*histogram);
  SQUALL_CHECK(merged == other_way && SurvivesTheWire(merged));
  SQUALL_CHECK(merged.count() == histogram->count() + other.count());
  SQUALL_CHECK(merged.sum() == histogram->sum() + other.sum());
  CheckFigures(merged);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::TestHistogram(data);
  return 0;
}
