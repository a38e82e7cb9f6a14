// The requests that a worker may have in flight: what is known of each, and which are free.
//
// Slots are numbered from 0, and used below the limit. If it sinks, those above it are used no more
// once they are free, and none is taken until fewer are in flight than the limit allows. One
// thread's.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/recorder.h"

namespace squall {

class Slots {
 public:
  explicit Slots(uint32_t limit) { SetLimit(limit); }

  uint32_t limit() const { return limit_; }
  uint32_t in_flight() const { return in_flight_; }
  // How many requests may be sent now.
  uint32_t room() const { return in_flight_ < limit_ ? limit_ - in_flight_ : 0; }

  void SetLimit(uint32_t limit) {
    std::erase_if(free_, [limit](uint32_t slot) { return slot >= limit; });
    if (limit > slots_.size()) slots_.resize(limit);
    free_.reserve(slots_.size());
    for (uint32_t slot = limit; slot > limit_; --slot) {
      if (!slots_[slot - 1].busy) free_.push_back(slot - 1);
    }
    limit_ = limit;
  }

  // There must be room.
  uint32_t Take(const Sample& sample) {
    const uint32_t slot = free_.back();
    free_.pop_back();
    slots_[slot] = {sample, true};
    ++in_flight_;
    return slot;
  }
  // Of one that is in flight.
  Sample& SampleOf(uint32_t slot) { return slots_[slot].sample; }
  void Free(uint32_t slot) {
    slots_[slot].busy = false;
    --in_flight_;
    if (slot < limit_) free_.push_back(slot);
  }

 private:
  struct Slot {
    Sample sample;
    bool busy = false;
  };

  uint32_t limit_ = 0;
  uint32_t in_flight_ = 0;
  std::vector<Slot> slots_;     // all that there have been
  std::vector<uint32_t> free_;  // below the limit; room for all
};

}  // namespace squall
