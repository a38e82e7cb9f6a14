// The few of many failures that are kept for the report.
//
// Of each kind and each status those with the lowest numbers, at most kMaxOfAKind. The first of
// each come first, then the second of each, then the third; by number among these. What exceeds
// kMaxSamples is cut off at the end, so that a rare failure is not crowded out by frequent ones.
// Which ones remain of many sets merged depends only on their union.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "squall/v1/metrics.pb.h"

namespace squall {

struct FailureSample {
  static constexpr size_t kMaxOfAKind = 3;
  static constexpr size_t kMaxSamples = 64;
  static constexpr size_t kMaxDetailBytes = 256;

  v1::FailureKind kind;  // not NONE
  uint32_t status;       // 0 unless the kind is STATUS
  uint64_t number;
  std::string detail;

  bool IsOf(v1::FailureKind of_kind, uint32_t of_status) const {
    return kind == of_kind && status == of_status;
  }
  friend bool operator==(const FailureSample&, const FailureSample&) = default;
};

// Adds a sample if it is among those to be kept; the detail is cut. Most failures are not, and cost
// no allocation.
void KeepSample(std::vector<FailureSample>& samples, v1::FailureKind kind, uint32_t status,
                uint64_t number, std::string_view detail);

// Brings samples of any sets into their order and drops those that are too many.
void ArrangeSamples(std::vector<FailureSample>& samples);

}  // namespace squall
