// What an agent's steady clock shows, as far as round trips tell.
//
// A round trip leaves at our `sent`, arrives at the agent's `there`, leaves it at `back` and
// arrives at our `received`. Whatever each way takes, the agent's clock minus ours was at most
// there − sent and at least back − received: an interval as wide as the time on the way. Two clocks
// also drift apart; so an interval is widened for the time between it and the moment that is asked
// about. Of all that is known, what the intervals have in common is the offset; half its width is
// the error.
//
// Pure; one owner. Nanoseconds.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "common/clock.h"

namespace squall {

class ClockSync {
 public:
  // False, and nothing is learned, if no clocks could show these times.
  bool Add(Nanos sent, Nanos there, Nanos back, Nanos received);

  size_t round_trips() const { return round_trips_; }

  struct Offset {
    Nanos offset = 0;  // the agent's clock minus ours
    Nanos error = 0;   // by which it may be wrong, to either side
  };
  // At a time of our clock. There must have been a round trip.
  Offset At(Nanos now) const;

  // By how much two clocks may drift apart in so long.
  static Nanos MostDrift(Nanos length);

  // The time on the way of the fastest round trip, and of the slowest.
  Nanos fastest() const { return fastest_; }
  Nanos slowest() const { return slowest_; }

  struct Drift {
    double ppm = 0;  // by which the agent's clock is faster
    double error_ppm = 0;
  };
  // Nothing as long as the round trips lie too close together to tell.
  std::optional<Drift> drift() const;

 private:
  // The narrowest interval of a stretch of time.
  struct Interval {
    Nanos stretch = 0;  // its number
    Nanos at = 0;       // our clock, in the middle of the round trip
    Nanos least = 0;
    Nanos most = 0;
    Nanos width() const { return most - least; }
  };

  void Halve();

  size_t round_trips_ = 0;
  Nanos fastest_ = kForever;
  Nanos slowest_ = 0;
  Nanos stretch_length_ = kSecond;
  std::vector<Interval> intervals_;  // rising; a bounded number
  std::deque<Interval> newest_;      // of the last round trips
};

// How far the agents' beginnings lay apart.
struct StartSpread {
  Nanos spread = 0;
  Nanos error = 0;  // by which it may be wrong, to either side
};

// When something happened on our clock, and by how much that may be wrong.
struct Moment {
  Nanos at = 0;
  Nanos error = 0;
};

// Of at least two moments; otherwise nothing.
std::optional<StartSpread> SpreadOf(const std::vector<Moment>& moments);

}  // namespace squall
