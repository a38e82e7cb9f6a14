#include "common/span.h"

#include <algorithm>

#include "absl/status/status.h"
#include "common/check.h"

namespace squall {
namespace {

constexpr uint64_t kEnd = uint64_t{1} << 63;  // one after the largest number

}  // namespace

std::vector<NumberRun> ToRuns(std::vector<uint64_t>& numbers) {
  std::sort(numbers.begin(), numbers.end());
  std::vector<NumberRun> runs;
  for (const uint64_t number : numbers) {
    if (!runs.empty() && number == runs.back().first + runs.back().count) {
      ++runs.back().count;
    } else {
      SQUALL_CHECK(runs.empty() || number > runs.back().first + runs.back().count);
      runs.push_back({number, 1});
    }
  }
  return runs;
}

v1::Runs RunsToProto(const std::vector<NumberRun>& runs) {
  v1::Runs proto;
  uint64_t end = 0;  // of the run before
  for (const NumberRun& run : runs) {
    proto.add_gaps(run.first - end);
    proto.add_counts(run.count);
    end = run.first + run.count;
  }
  return proto;
}

absl::StatusOr<std::vector<NumberRun>> RunsFromProto(const v1::Runs& proto) {
  if (proto.gaps_size() != proto.counts_size()) {
    return absl::InvalidArgumentError("runs: gaps and counts differ in length");
  }
  std::vector<NumberRun> runs;
  runs.reserve(static_cast<size_t>(proto.gaps_size()));
  uint64_t end = 0;
  for (int i = 0; i < proto.gaps_size(); ++i) {
    const uint64_t gap = proto.gaps(i);
    const uint64_t count = proto.counts(i);
    if (count == 0) return absl::InvalidArgumentError("runs: empty run");
    if (gap == 0 && i > 0) return absl::InvalidArgumentError("runs: touching runs");
    if (gap > kEnd - end || count > kEnd - end - gap) {
      return absl::InvalidArgumentError("runs: number of 2^63 or more");
    }
    runs.push_back({end + gap, count});
    end += gap + count;
  }
  return runs;
}

}  // namespace squall
