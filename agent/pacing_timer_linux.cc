// By a timerfd, which the loop watches.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/timerfd.h>

#include "agent/pacing_timer.h"

namespace squall {

void PacingTimer::OnTime() {
  at_ = kForever;
  callback_(owner_);
}

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

}  // namespace squall
