// Sets of numbers as agents name them.
//
// Properties: what is accepted names numbers below 2^63, each once, in as few runs as possible; it
// is encoded to a message that decodes to the same; a true one is accepted.
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

std::vector<NumberRun> TrueRuns(FuzzedDataProvider& data) {
  std::vector<NumberRun> runs;
  uint64_t next = data.ConsumeBool() ? 0 : data.ConsumeIntegralInRange<uint64_t>(0, kEnd - 1);
  for (int i = data.ConsumeIntegralInRange(0, 8); i > 0 && next < kEnd; --i) {
    const uint64_t most = data.ConsumeBool() ? std::min<uint64_t>(kEnd - next, 100) : kEnd - next;
    runs.push_back({next, data.ConsumeIntegralInRange<uint64_t>(1, most)});
    next += runs.back().count + data.ConsumeIntegralInRange<uint64_t>(1, 200);
  }
  return runs;
}

void TestRuns(FuzzedDataProvider& data) {
  const auto received = Receive(data, [&] { return RunsToProto(TrueRuns(data)); });
  if (!received.message) return;
  const absl::StatusOr<std::vector<NumberRun>> runs = RunsFromProto(*received.message);
  SQUALL_CHECK(runs.ok() || !received.is_true);
  if (!runs.ok()) return;
  uint64_t end = 0;  // of the run before
  for (const NumberRun& run : *runs) {
    SQUALL_CHECK(run.count > 0 && (&run == &runs->front() || run.first > end));
    SQUALL_CHECK(run.first < kEnd && run.count <= kEnd - run.first);
    end = run.first + run.count;
  }
  const auto again = RunsFromProto(RunsToProto(*runs));
  SQUALL_CHECK(again.ok() && *again == *runs);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::TestRuns(data);
  return 0;
}
