#include "agent/pacing_timer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#ifdef __linux__
#include <unistd.h>

#include <sys/timerfd.h>
#endif

namespace squall {

void PacingTimer::OnTime() {
  at_ = kForever;
  callback_(owner_);
}

#ifdef __linux__

PacingTimer::PacingTimer(struct ev_loop* loop, Callback callback, void* owner)
    : loop_(loop), callback_(callback), owner_(owner) {
  ev_io_init(&watcher_, &OnReadable, -1, EV_READ);
  watcher_.data = this;
}

PacingTimer::~PacingTimer() {
  if (timer_ < 0) return;
  ev_io_stop(loop_, &watcher_);
  close(timer_);
}

absl::Status PacingTimer::Open() {
  timer_ = timerfd_create(kSteadyClock, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer_ < 0) {
    return absl::ResourceExhaustedError(
        fmt::format("no timer for a worker: {}", std::strerror(errno)));
  }
  ev_io_set(&watcher_, timer_, EV_READ);
  ev_io_start(loop_, &watcher_);
  return absl::OkStatus();
}

void PacingTimer::Arm(Nanos at) {
  at = std::max<Nanos>(at, 1);  // 0 would disarm
  if (at == at_) return;
  at_ = at;
  Set(at);
}

void PacingTimer::Disarm() {
  if (at_ == kForever) return;
  at_ = kForever;
  Set(0);
}

void PacingTimer::Set(Nanos at) {
  itimerspec setting{};
  setting.it_value.tv_sec = static_cast<time_t>(at / kSecond);
  setting.it_value.tv_nsec = static_cast<long>(at % kSecond);
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &setting, nullptr);
}

// The descriptor stays readable until it is set anew, so it is never read.
void PacingTimer::OnReadable(struct ev_loop*, ev_io* watcher, int) noexcept {
  PacingTimer& self = *static_cast<PacingTimer*>(watcher->data);
  self.OnTime();
  if (self.at_ == kForever) self.Set(0);
}

#else

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

#endif

}  // namespace squall
