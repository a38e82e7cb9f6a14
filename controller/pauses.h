// When somebody who has heard all that had come sleeps for a while, rather than wait for the next
// word: what comes in the meantime is heard at one go, without a wake-up for each on both sides.
//
// That is cheaper only while there is little to do. What takes much longer to catch up with
// than was slept makes everybody wait, so then there is no pause for a while. Not thread-safe.
#pragma once

#include "common/clock.h"

namespace squall {

class Pauses {
 public:
  static constexpr Nanos kPause = 5 * kMillisecond;
  static constexpr Nanos kApart = 250 * kMillisecond;

  // All is heard at `now`: how long to sleep, 0 for not at all.
  Nanos Next(Nanos now) {
    if (catching_up_ && now - woke_at_ > 2 * kPause) resume_at_ = now + kApart;
    catching_up_ = false;
    return now < resume_at_ ? 0 : kPause;
  }
  // It has slept, until `now`.
  void Woke(Nanos now) {
    woke_at_ = now;
    catching_up_ = true;
  }

 private:
  bool catching_up_ = false;  // since woke_at_
  Nanos woke_at_ = 0;
  Nanos resume_at_ = 0;
};

}  // namespace squall
