// What was in flight in a time: of a worker, of an agent, of the fleet.
//
// Plain data; sums are exact. Nanoseconds on the clock of whoever it is of.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

struct Flight {
  // Of several that looked at the clock one after the other, the mean of their times: with it the
  // area is never more than so many requests in that time.
  Nanos begin = 0;  // 0: of no time at all
  Nanos end = 0;
  int64_t joined = 1;  // so many
  int64_t area = 0;    // the integral: requests times nanoseconds
  uint32_t least = 0;  // at every instant at least …
  uint32_t most = 0;   // … and at most so many
  // The part that lies in the steady state, what it would be if it had been full all the time, and
  // the part before. What is left of the area at the end is the tail's.
  int64_t steady_area = 0;
  int64_t steady_asked = 0;
  int64_t ramp_area = 0;
  uint32_t steady_least = UINT32_MAX;  // UINT32_MAX: not known, as none of it was steady
  // Requests sent at little load that have ended with a response: before as many were in flight as
  // are to be; under a rate, with no more than an eighth of those that may be. And what they took
  // but for connecting.
  uint64_t light = 0;
  int64_t light_time = 0;  // sum
  // All are full since then, and were full together for the last time; 0: they have not been.
  Nanos full_since = 0;
  Nanos full_until = 0;

  // Of others at the same time.
  void Join(const Flight& other);
  // Of the same ones, later.
  void Follow(const Flight& later);

  v1::Flight ToProto() const;
  // INVALID_ARGUMENT for what cannot be, of somebody who may have `most_asked` in flight.
  static absl::StatusOr<Flight> FromProto(const v1::Flight& proto, uint32_t most_asked);

 private:
  void AddSums(const Flight& other);
};

}  // namespace squall
