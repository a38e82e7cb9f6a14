// Free slots that rest before their next request, where a script has a delay().
//
// Which slot is whose rest does not matter: there are as many rests as free slots. One thread's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/clock.h"

namespace squall {

class Rests {
 public:
  uint32_t count() const { return static_cast<uint32_t>(ends_.size()); }
  // When the next one is over; kForever: there is none.
  Nanos next() const { return ends_.empty() ? kForever : ends_.front(); }

  void Add(Nanos end) {
    ends_.push_back(end);
    std::push_heap(ends_.begin(), ends_.end(), std::greater<>());
  }
  // The next one; there is one.
  void Remove() {
    std::pop_heap(ends_.begin(), ends_.end(), std::greater<>());
    ends_.pop_back();
  }

 private:
  std::vector<Nanos> ends_;  // a heap, the earliest in front
};

}  // namespace squall
