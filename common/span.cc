#include "common/span.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/status/status.h"

namespace squall {
namespace {

constexpr uint64_t kEnd = uint64_t{1} << 63;  // one after the largest number

}  // namespace

absl::StatusOr<std::vector<NumberRun>> ToRuns(std::vector<uint64_t>& numbers) {
  std::sort(numbers.begin(), numbers.end());
  std::vector<NumberRun> runs;
  for (const uint64_t number : numbers) {
    const uint64_t end = runs.empty() ? 0 : runs.back().first + runs.back().count;
    if (runs.empty() || number > end) {
      runs.push_back({number, 1});
    } else if (number == end) {
      ++runs.back().count;
    } else {
      return absl::InvalidArgumentError(fmt::format("number {} is there twice", number));
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
