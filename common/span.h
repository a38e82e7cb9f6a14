// Sets of sequence numbers: spans as granted, runs as held.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// first, first + stride, …, count numbers.
struct Span {
  uint64_t first = 0;
  uint64_t stride = 1;
  uint64_t count = 0;

  friend bool operator==(const Span&, const Span&) = default;
};

// Neighbouring numbers: first … first + count - 1.
struct NumberRun {
  uint64_t first = 0;
  uint64_t count = 0;

  friend bool operator==(const NumberRun&, const NumberRun&) = default;
};

// The numbers as runs, rising and as few as possible. Sorts `numbers` in place. INVALID_ARGUMENT if
// one stands in it twice: no runs can say that.
absl::StatusOr<std::vector<NumberRun>> ToRuns(std::vector<uint64_t>& numbers);

v1::Runs RunsToProto(const std::vector<NumberRun>& runs);

// INVALID_ARGUMENT for lists of unequal length, empty or touching runs, numbers of 2^63 or more.
absl::StatusOr<std::vector<NumberRun>> RunsFromProto(const v1::Runs& proto);

}  // namespace squall
