#include "target/flight_history.h"

#include <algorithm>

namespace squall::target {

// The tag goes first and `filled` last; each store releases and each load of Read() acquires. So
// who sees anything of an interval sees its tag as well.
void FlightHistory::Begin(Nanos now, const Point& point) {
  const uint64_t number = NumberAt(now);
  Place& place = PlaceOf(number);
  uint64_t tag = place.tag.load();
  if (NumberOf(tag) >= number) return;
  if (!place.tag.compare_exchange_strong(tag, TagOf(number, point.count))) return;
  place.at.store(point.at, std::memory_order_release);
  place.request_ns.store(point.request_ns, std::memory_order_release);
  place.count.store(point.count, std::memory_order_release);
  place.filled.store(number, std::memory_order_release);
}

void FlightHistory::Raise(Nanos now, uint64_t count) {
  const uint64_t number = NumberAt(now);
  const uint64_t raised = TagOf(number, count);
  Place& place = PlaceOf(number);
  uint64_t tag = place.tag.load();
  while (NumberOf(tag) == number && tag < raised && !place.tag.compare_exchange_weak(tag, raised)) {
  }
}

std::vector<FlightHistory::Point> FlightHistory::Read(Nanos now) const {
  const uint64_t oldest = NumberAt(Reaches(now));
  std::vector<Point> points;
  for (const Place& place : places_) {
    const uint64_t number = place.filled.load(std::memory_order_acquire);
    if (number < oldest) continue;
    Point point;
    point.at = place.at.load(std::memory_order_acquire);
    point.request_ns = place.request_ns.load(std::memory_order_acquire);
    point.count = place.count.load(std::memory_order_acquire);
    const uint64_t tag = place.tag.load();
    if (NumberOf(tag) != number) continue;  // one of the next round has just begun
    point.most = tag & kLargestMost;
    points.push_back(point);
  }
  std::sort(points.begin(), points.end(),
            [](const Point& a, const Point& b) { return a.at < b.at; });
  return points;
}

}  // namespace squall::target
