// How many bytes a second get through to an agent or back, by pieces that grow until one takes long
// enough to tell.
//
// A piece goes one way and a few bytes come back, so the time of a round trip without it is taken
// off. The result is what a young stream achieves: over a long way less than the line could carry,
// as a connection takes some round trips to find out how much that is.
//
// Pure; one owner. Nanoseconds.
#pragma once

#include <cstdint>
#include <optional>

#include "common/clock.h"

namespace squall {

class Bandwidth {
 public:
  // Size of the next piece in bytes; 0: enough is known.
  uint32_t next() const { return next_; }
  // The piece has taken so long, and one of nothing takes `round_trip`.
  void Add(Nanos took, Nanos round_trip);
  // The piece has not got through after so long: what came before it was a burst. The last call.
  void Cut(Nanos after);

  // By the largest piece; nothing if none got through.
  std::optional<double> bytes_per_second() const { return bytes_per_second_; }

 private:
  static constexpr uint32_t kFirst = 16 << 10;

  uint32_t next_ = kFirst;
  Nanos spent_ = 0;
  std::optional<double> bytes_per_second_;
};

}  // namespace squall
