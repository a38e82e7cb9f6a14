// When somebody who has heard all that had come sleeps for a while, rather than wait for the next
// word: what comes in the meantime is heard at one go, without a wake-up for each on both sides.
//
// That is cheaper only while there is little to do. What takes much longer to catch up with than
// was slept makes everybody wait, so then there is no pause for a while. Pure; one owner.
#pragma once

#include <utility>

#include "common/clock.h"

namespace squall {

class Pauses {
 public:
  static constexpr Nanos kPause = 5 * kMillisecond;
  static constexpr Nanos kMostCatchUp = 2 * kPause;
  static constexpr Nanos kApart = 250 * kMillisecond;

  // No pause begins before `time`.
  void HoldUntil(Nanos time) {
    if (time <= resume_at_) return;
    resume_at_ = time;
    caught_up_ = true;  // what comes until then says nothing of the pause before
  }
  bool Held(Nanos now) const { return now < resume_at_; }

  // At `now` all is heard that had come.
  void AllHeard(Nanos now) {
    all_heard_ = true;
    if (!std::exchange(caught_up_, true) && now - woke_at_ > kMostCatchUp) HoldUntil(now + kApart);
  }
  // How long to sleep from `now` on: 0 where not all has been heard since the last time.
  Nanos Next(Nanos now) { return std::exchange(all_heard_, false) && !Held(now) ? kPause : 0; }
  // It has slept, until `now`.
  void Woke(Nanos now) {
    woke_at_ = now;
    caught_up_ = false;
  }

 private:
  bool all_heard_ = false;
  bool caught_up_ = true;  // since woke_at_
  Nanos woke_at_ = 0;
  Nanos resume_at_ = 0;
};

}  // namespace squall
