// How many requests the fleet had in flight over time, from what agents tell of times of their own.
//
// Time is cut into slots of one length; what an agent had in an interval is dealt out to the slots
// that it overlaps, in proportion. There are never more than kMostSlots: beyond, two become one.
//
// Pure; one owner. Nanoseconds since the beginning of what is looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/clock.h"

namespace squall {

class FlightSeries {
 public:
  static constexpr size_t kMostSlots = 600;

  // `width` of the first slots, at least 1.
  explicit FlightSeries(Nanos width) : width_(width) {}

  // What agent `agent` (0, 1, 2, …) had in flight between two times: its integral, and the least
  // and the most at any instant. An agent's intervals rise and do not overlap. What lies before 0
  // does not count.
  void Add(size_t agent, Nanos begin, Nanos end, double area, uint32_t least, uint32_t most);

  struct Slot {
    double area = 0;
    // Sums over the agents: at every instant of the slot at least and at most so many.
    uint64_t least = 0;
    uint64_t most = 0;
  };
  const std::vector<Slot>& slots() const { return slots_; }
  Nanos width() const { return width_; }

 private:
  // What an agent has last added to a slot.
  struct Newest {
    size_t slot = SIZE_MAX;
    uint32_t least = 0;
    uint32_t most = 0;
  };

  void Halve();

  Nanos width_;
  std::vector<Slot> slots_;
  std::vector<Newest> newest_;  // by agent
};

}  // namespace squall
