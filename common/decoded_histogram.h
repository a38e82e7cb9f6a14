// A histogram's message that was found right, with its buckets read: once, for all that merge it.
#pragma once

#include <cstdint>

#include "absl/numeric/int128.h"
#include "absl/types/span.h"

namespace squall {

struct HistogramCell {
  uint64_t count;  // never 0
  uint32_t index;  // as in Histogram
};

// Made by Histogram::Decode(). Borrows its buckets.
struct DecodedHistogram {
  uint64_t count = 0;
  uint64_t min = 0;  // as the sum, 0 when empty; nanoseconds
  uint64_t max = 0;
  absl::uint128 sum = 0;
  absl::Span<const HistogramCell> cells = {};  // by rising index
};

}  // namespace squall
