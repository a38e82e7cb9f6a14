// By one of the loop's own timers, which is as fine as what the loop waits by.
#include <algorithm>

#include "agent/pacing_timer.h"

namespace squall {

void PacingTimer::OnTime() {
  at_ = kForever;
  callback_(owner_);
}

PacingTimer::PacingTimer(struct ev_loop* loop, Callback callback, void* owner)
    : loop_(loop), callback_(callback), owner_(owner) {
  ev_timer_init(&watcher_, &OnTimer, 0., 0.);
  watcher_.data = this;
}

PacingTimer::~PacingTimer() { ev_timer_stop(loop_, &watcher_); }

absl::Status PacingTimer::Open() { return absl::OkStatus(); }

void PacingTimer::Arm(Nanos at) {
  if (at == at_) return;
  at_ = at;
  ev_now_update(loop_);
  ev_timer_stop(loop_, &watcher_);
  const Nanos delay = std::max<Nanos>(at - SteadyNow(), 0);
  ev_timer_set(&watcher_, static_cast<double>(delay) * 1e-9, 0.);
  ev_timer_start(loop_, &watcher_);
}

void PacingTimer::Disarm() {
  at_ = kForever;
  ev_timer_stop(loop_, &watcher_);
}

void PacingTimer::OnTimer(struct ev_loop*, ev_timer* watcher, int) noexcept {
  static_cast<PacingTimer*>(watcher->data)->OnTime();
}

}  // namespace squall
