// How many requests a worker has in flight, integrated over time.
//
// The integral costs an addition where a request begins and one where it ends: what is in flight
// times now, plus the sum of ends, less the sum of starts, is the area up to now (modulo 2^64, so
// only differences of two such areas mean something). Nothing is sampled.
//
// In a closed loop a worker is **full** when as many are in flight as it may have. Its steady state
// lasts from when it is full for the first time to when it is for the last; what comes before is
// the ramp-up, and what comes after the tail.
//
// One thread's. Steady clock, nanoseconds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/clock.h"
#include "common/flight.h"

namespace squall {

class FlightMeter {
 public:
  explicit FlightMeter(uint32_t limit) : limit_(limit) {}

  // `aims_at_full`: a closed loop. What is in flight of the phase before goes on.
  void BeginPhase(Nanos now, uint32_t in_flight, bool aims_at_full);
  void SetLimit(Nanos now, uint32_t in_flight, uint32_t limit);

  // A request begins; with it so many are in flight.
  void Began(Nanos at, uint32_t in_flight) {
    balance_ -= static_cast<uint64_t>(at);
    most_ = std::max(most_, in_flight);
    if (in_flight == limit_ && aims_at_full_) Full(at, in_flight);
  }
  // One ends; without it so many are.
  void Ended(Nanos at, uint32_t in_flight) {
    balance_ += static_cast<uint64_t>(at);
    low_ = std::min(low_, in_flight);
  }

  // Whether a request that begins now does so at little load (Flight::light), and what one that did
  // took.
  bool IsLight(uint32_t in_flight) const {
    return aims_at_full_ ? full_since_ == 0 : uint64_t{in_flight} * kLightPart <= limit_;
  }
  void AddLight(Nanos took) {
    ++flight_.light;
    flight_.light_time += took;
  }

  // Since the call before, or the beginning of the phase. Of no time before the first phase.
  Flight Take(Nanos now, uint32_t in_flight);

 private:
  // Of the limit, under a rate.
  static constexpr uint64_t kLightPart = 8;

  uint64_t AreaUpTo(Nanos now, uint32_t in_flight) const {
    return balance_ + static_cast<uint64_t>(now) * in_flight;
  }
  void Full(Nanos at, uint32_t in_flight) {
    full_until_ = at;
    full_area_ = AreaUpTo(at, in_flight);
    steady_least_ = std::min(steady_least_, low_);
    low_ = in_flight;
    if (full_since_ == 0) [[unlikely]]
      FirstFull();
  }
  void FirstFull();
  void CommitSteady();

  uint64_t balance_ = 0;  // sum of ends, less that of starts
  uint32_t limit_;
  uint32_t most_ = 0;
  uint32_t low_ = 0;  // the least since it was full last
  uint32_t steady_least_ = UINT32_MAX;
  bool aims_at_full_ = false;
  Nanos full_since_ = 0;
  Nanos full_until_ = 0;
  uint64_t full_area_ = 0;  // up to then

  Nanos begin_ = 0;           // of what Take() gives next
  uint64_t taken_area_ = 0;   // up to then
  Nanos steady_until_ = 0;    // committed to flight_
  uint64_t steady_area_ = 0;  // up to then
  Flight flight_;             // what is summed up for Take()
};

}  // namespace squall
