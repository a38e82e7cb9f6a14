// Requests in flight over the last seconds: the sum over time where an interval begins, and the
// most there were at once in it.
//
// Time is cut into intervals of one length. One is begun by the first request that comes or goes in
// it: what is in flight does not change before, so nothing is missed. So who asks now and then, and
// late, has the whole course, and a run is told from the one before it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/clock.h"

namespace squall::target {

// Thread-safe, without a lock. Where nothing is new, a look costs two loads.
class FlightHistory {
 public:
  static constexpr Nanos kInterval = 100 * kMillisecond;
  static constexpr uint64_t kIntervals = 64;

  // What had been in flight when an interval began.
  struct Point {
    Nanos at = 0;             // steady clock
    uint64_t request_ns = 0;  // the sum over time, up to then
    uint64_t count = 0;       // and how many there were
    uint64_t most = 0;        // in the interval, beginning with those
  };

  // Whether the interval of `now` is to be begun.
  bool Lacks(Nanos now) const {
    return NumberOf(PlaceOf(NumberAt(now)).tag.load()) < NumberAt(now);
  }
  // Begins the interval of `now`, before anything changes in it. Of several threads, one does.
  void Begin(Nanos now, const Point& point);
  // So many there are at `now`, in an interval that has begun.
  void Raise(Nanos now, uint64_t count);

  // Everything since this time is in Read().
  static Nanos Reaches(Nanos now) {
    const auto before = static_cast<Nanos>(kIntervals) * kInterval;
    return now < before ? 0 : (now - before) / kInterval * kInterval + kInterval;
  }
  // The intervals of the last seconds in which requests came or went, by time.
  std::vector<Point> Read(Nanos now) const;

 private:
  // An interval's number and its most are one word, so that neither is taken for another's.
  static constexpr int kMostBits = 24;
  static constexpr uint64_t kLargestMost = (uint64_t{1} << kMostBits) - 1;

  struct alignas(64) Place {
    std::atomic<uint64_t> tag{0};
    std::atomic<uint64_t> filled{0};  // the interval that the rest is of
    std::atomic<Nanos> at{0};
    std::atomic<uint64_t> request_ns{0};
    std::atomic<uint64_t> count{0};
  };

  static uint64_t NumberAt(Nanos now) { return static_cast<uint64_t>(now / kInterval) + 1; }
  static uint64_t NumberOf(uint64_t tag) { return tag >> kMostBits; }
  static uint64_t TagOf(uint64_t number, uint64_t most) {
    return number << kMostBits | (most < kLargestMost ? most : kLargestMost);
  }
  const Place& PlaceOf(uint64_t number) const { return places_[number % kIntervals]; }
  Place& PlaceOf(uint64_t number) { return places_[number % kIntervals]; }

  std::array<Place, kIntervals> places_;
};

}  // namespace squall::target
