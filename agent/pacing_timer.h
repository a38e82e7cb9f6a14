// Wakes an event loop at a point of the steady clock, more finely than the loop's own timers, which
// know milliseconds where it waits by epoll.
//
// Belongs to the loop's thread.
#pragma once

#include <ev.h>

#include "absl/status/status.h"
#include "common/clock.h"

namespace squall {

class PacingTimer {
 public:
  // Called from the loop, once for each Arm(); may arm anew. `owner` is passed on.
  using Callback = void (*)(void* owner) noexcept;

  PacingTimer(struct ev_loop* loop, Callback callback, void* owner);
  ~PacingTimer();
  PacingTimer(const PacingTimer&) = delete;
  PacingTimer& operator=(const PacingTimer&) = delete;

  // RESOURCE_EXHAUSTED where the system has no timer to give. Before the first Arm().
  absl::Status Open();

  // Replaces what was armed before; a time that is over comes with the loop's next turn.
  void Arm(Nanos at);
  void Disarm();

 private:
  void OnTime();

  struct ev_loop* const loop_;
  const Callback callback_;
  void* const owner_;
  Nanos at_ = kForever;  // kForever: not armed
#if defined(__linux__) && !defined(SQUALL_PORTABLE)
  static void OnReadable(struct ev_loop* loop, ev_io* watcher, int events) noexcept;
  void Set(Nanos at);

  int timer_ = -1;
  ev_io watcher_;
#else
  static void OnTimer(struct ev_loop* loop, ev_timer* watcher, int events) noexcept;

  ev_timer watcher_;  // kqueue waits for nanoseconds, poll() for milliseconds
#endif
};

}  // namespace squall
