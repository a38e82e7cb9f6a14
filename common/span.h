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

// Runs are disjoint spans of one stride, rising by their first numbers and as few as possible: an
// agent that is granted every tenth number names what it did in a few runs of stride 10. They may
// lie in each other. Numbers and strides are below 2^63, strides at least 1.

// The numbers as runs of that stride. INVALID_ARGUMENT if one stands there twice: no runs can say
// that. What `numbers` holds afterwards is of no use.
absl::StatusOr<std::vector<Span>> ToRuns(std::vector<uint64_t>& numbers, uint64_t stride);

v1::Runs RunsToProto(const std::vector<Span>& runs);

// The inverse of RunsToProto(): INVALID_ARGUMENT for all that it never makes.
absl::StatusOr<std::vector<Span>> RunsFromProto(const v1::Runs& proto);

}  // namespace squall
