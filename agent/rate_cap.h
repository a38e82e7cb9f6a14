// Lets no more than so many requests a second through, but for a burst of a second's worth.
//
// The leaky bucket as a meter, in its form with a virtual clock (GCRA, ITU-T I.371): `full_at_` is
// when all that was let through would have gone out at the rate itself. Not thread-safe. Times in
// nanoseconds from any beginning, the same for all.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/clock.h"

namespace squall {

class RateCap {
 public:
  // Requests per second in units of 1e-9; 0: as many as there are.
  explicit RateCap(uint64_t rate_nano)
      : gap_(rate_nano == 0
                 ? 0
                 : static_cast<Nanos>((kBillion * kBillion + rate_nano - 1) / rate_nano)) {}

  // When a request that would go out at `time` may.
  Nanos EarliestFrom(Nanos time) const {
    return gap_ == 0 ? time : std::max(time, full_at_ - kBurst);
  }
  // It goes out then.
  void Take(Nanos time) { full_at_ = std::max(full_at_, time) + gap_; }

 private:
  static constexpr uint64_t kBillion = 1'000'000'000;
  static constexpr Nanos kBurst = kSecond;

  const Nanos gap_;
  Nanos full_at_ = 0;
};

}  // namespace squall
