#include "agent/flight_meter.h"

#include <utility>

namespace squall {

void FlightMeter::BeginPhase(Nanos now, uint32_t in_flight, bool aims_at_full) {
  aims_at_full_ = aims_at_full;
  full_since_ = full_until_ = 0;
  begin_ = now;
  taken_area_ = AreaUpTo(now, in_flight);
  most_ = low_ = in_flight;
  steady_least_ = UINT32_MAX;
  flight_ = {};
  if (aims_at_full && in_flight != 0 && in_flight == limit_) Full(now, in_flight);
}

void FlightMeter::SetLimit(Nanos now, uint32_t in_flight, uint32_t limit) {
  CommitSteady();
  limit_ = limit;
  if (aims_at_full_ && in_flight != 0 && in_flight == limit) Full(now, in_flight);
}

void FlightMeter::FirstFull() {
  full_since_ = steady_until_ = full_until_;
  steady_area_ = full_area_;
  steady_least_ = UINT32_MAX;
  flight_.ramp_area = static_cast<int64_t>(full_area_ - taken_area_) + flight_.ramp_area;
}

// What lies between two times at which it was full was steady.
void FlightMeter::CommitSteady() {
  if (full_since_ == 0) return;
  flight_.steady_area += static_cast<int64_t>(full_area_ - steady_area_);
  flight_.steady_asked += (full_until_ - steady_until_) * limit_;
  steady_until_ = full_until_;
  steady_area_ = full_area_;
}

Flight FlightMeter::Take(Nanos now, uint32_t in_flight) {
  if (begin_ == 0) return {};
  CommitSteady();
  const uint64_t area = AreaUpTo(now, in_flight);
  Flight taken = std::exchange(flight_, {});
  taken.begin = std::exchange(begin_, now);
  taken.end = now;
  taken.area = static_cast<int64_t>(area - std::exchange(taken_area_, area));
  if (full_since_ == 0) taken.ramp_area = taken.area;
  taken.most = std::exchange(most_, in_flight);
  taken.steady_least = std::exchange(steady_least_, UINT32_MAX);
  taken.least = std::min(taken.steady_least, low_);
  taken.full_since = full_since_;
  taken.full_until = full_until_;
  // Nothing to tell of a worker that has no part.
  if (limit_ == 0 && taken.area == 0) return {};
  // In a closed loop it is not over before the worker is full again.
  if (!aims_at_full_) low_ = in_flight;
  return taken;
}

}  // namespace squall
