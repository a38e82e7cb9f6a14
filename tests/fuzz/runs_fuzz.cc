// Sets of numbers as agents name them.
//
// Properties: what is accepted names numbers below 2^63, each once, in as few runs of its stride as
// possible; it is encoded to the same message again; a true one is accepted.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "common/check.h"
#include "common/span.h"
#include "tests/fuzz/wire.h"

namespace squall {
namespace {

constexpr uint64_t kEnd = uint64_t{1} << 63;  // one after the largest number

// Lanes of small numbers, or ranges of any.
std::vector<Span> TrueRuns(FuzzedDataProvider& data) {
  if (data.ConsumeBool()) {
    std::vector<uint64_t> numbers;
    uint64_t next = 0;
    for (int i = data.ConsumeIntegralInRange(0, 40); i > 0; --i) {
      numbers.push_back(next += data.ConsumeIntegralInRange<uint64_t>(1, 12));
    }
    const auto runs = ToRuns(numbers, data.ConsumeIntegralInRange<uint64_t>(1, 12));
    SQUALL_CHECK(runs.ok());
    return *runs;
  }
  std::vector<Span> ranges;
  uint64_t next = data.ConsumeBool() ? 0 : data.ConsumeIntegralInRange<uint64_t>(0, kEnd - 1);
  for (int i = data.ConsumeIntegralInRange(0, 8); i > 0 && next < kEnd; --i) {
    const uint64_t most = data.ConsumeBool() ? std::min<uint64_t>(kEnd - next, 100) : kEnd - next;
    ranges.push_back({next, 1, data.ConsumeIntegralInRange<uint64_t>(1, most)});
    next += ranges.back().count + data.ConsumeIntegralInRange<uint64_t>(1, 200);
  }
  return ranges;
}

// By pairs, not by lanes in order.
void CheckApart(const Span& a, const Span& b) {
  SQUALL_CHECK(a.first < b.first && a.stride == b.stride);
  if ((b.first - a.first) % a.stride != 0) return;
  SQUALL_CHECK((b.first - a.first) / a.stride > a.count);
}

void TestRuns(FuzzedDataProvider& data) {
  const auto received = Receive(data, [&] { return RunsToProto(TrueRuns(data)); });
  if (!received.message) return;
  const absl::StatusOr<std::vector<Span>> runs = RunsFromProto(*received.message);
  SQUALL_CHECK(runs.ok() || !received.is_true);
  if (!runs.ok()) return;
  for (size_t i = 0; i < runs->size(); ++i) {
    const Span& run = (*runs)[i];
    SQUALL_CHECK(run.count > 0 && run.stride > 0 && run.first < kEnd);
    SQUALL_CHECK(run.count - 1 <= (kEnd - 1 - run.first) / run.stride);
    for (size_t j = 0; j < std::min<size_t>(i, 100); ++j) CheckApart((*runs)[j], run);
  }
  v1::Runs known = *received.message;
  known.DiscardUnknownFields();
  SQUALL_CHECK(RunsToProto(*runs).SerializeAsString() == known.SerializeAsString());
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::TestRuns(data);
  return 0;
}
