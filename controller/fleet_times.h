// The times by which a fleet is kept together: all follow from the grace (docs/fleet.md).
#pragma once

#include <algorithm>
#include <cstddef>

#include "common/clock.h"

namespace squall {

struct FleetTimes {
  static constexpr Nanos kDefaultGrace = 10 * kSecond;
  static constexpr Nanos kLeastGrace = kSecond;

  // For how long an agent that is out of reach may come back.
  Nanos grace = kDefaultGrace;

  // For how long an agent sends without an acknowledgement.
  Nanos lease() const { return std::min(5 * kSecond, grace / 2); }
  // Snapshots come so often.
  Nanos interval() const { return std::min(kSecond, lease() / 5); }
  // For how long an agent has work.
  Nanos hold() const { return lease(); }
  // One of so many agents without a snapshot for so long is away. What all say at once, as at the
  // end of a run, takes the controller its time.
  Nanos silence(size_t agents) const {
    return std::min(interval() * 5 / 2 + static_cast<Nanos>(agents) * kHearingEach, lease());
  }
  static constexpr Nanos kHearingEach = 400'000;
  // Since its newest snapshot came: from then on it certainly sends nothing. Its own clock is ahead
  // of ours by the way of the snapshot; some more for clocks of different speed.
  Nanos fence() const { return lease() + lease() / 20; }
  // Round trips for the clock come so often with each of so many agents: no more than 100 a second.
  Nanos ping(size_t agents) const {
    return std::max(5 * interval(), static_cast<Nanos>(agents) * kPingsApart);
  }
  static constexpr Nanos kPingsApart = 10 * kMillisecond;
  // How often all of that is looked at.
  Nanos tick() const { return std::min(kSecond / 10, interval() / 4); }
};

}  // namespace squall
