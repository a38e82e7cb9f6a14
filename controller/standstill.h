// Tells the silence of others from a standstill of our own.
//
// A process that was stopped, suspended or starved finds, when it goes on, that all deadlines are
// over, while what the others said in time is still unread. Whoever waits for others looks here at
// least once a second, and adds what comes back to its deadlines.
#pragma once

#include "common/clock.h"

namespace squall {

class Standstill {
 public:
  static constexpr Nanos kLookInterval = kSecond;

  explicit Standstill(Nanos now) : looked_at_(now) {}

  // How long this process has stood still since the last look; 0: not noticeably.
  Nanos Look(Nanos now) {
    const Nanos away = now - looked_at_;
    looked_at_ = now;
    return away > 2 * kLookInterval ? away : 0;
  }

 private:
  Nanos looked_at_;
};

}  // namespace squall
