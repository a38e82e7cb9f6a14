// The requests that http1_transport has in flight, by age, and their timeout.
//
// All timeouts are of one length, so one timer watches the oldest. Belongs to the loop's thread.
#pragma once

#include <algorithm>
#include <ev.h>

#include "agent/http1_exchange.h"
#include "agent/linked_list.h"
#include "common/clock.h"

namespace squall {

class Http1InFlight {
 public:
  // Told of one that has taken too long, and to remove it.
  using Late = void (*)(void* owner, Http1Exchange& exchange) noexcept;

  Http1InFlight(struct ev_loop* loop, Nanos timeout, Late late, void* owner)
      : loop_(loop), timeout_(timeout), late_(late), owner_(owner) {
    ev_timer_init(&timer_, &OnTime, 0., 0.);
    timer_.data = this;
  }
  ~Http1InFlight() { ev_timer_stop(loop_, &timer_); }
  Http1InFlight(const Http1InFlight&) = delete;
  Http1InFlight& operator=(const Http1InFlight&) = delete;

  void Append(Http1Exchange& exchange) {
    list_.Append(exchange);
    if (!ev_is_active(&timer_)) Arm(exchange.start);
  }
  void Remove(Http1Exchange& exchange) { list_.Remove(exchange); }
  bool empty() const { return list_.empty(); }
  Http1Exchange* first() { return list_.first(); }

 private:
  void Arm(Nanos now) {
    constexpr double kAtLeast = 0.001;  // seconds; what the loop can tell apart
    const Nanos left = list_.first()->start + timeout_ - now;
    ev_now_update(loop_);
    ev_timer_set(&timer_, std::max(static_cast<double>(left) * 1e-9, kAtLeast), 0.);
    ev_timer_start(loop_, &timer_);
  }

  static void OnTime(struct ev_loop*, ev_timer* timer, int) noexcept {
    Http1InFlight& self = *static_cast<Http1InFlight*>(timer->data);
    const Nanos now = SteadyNow();
    while (!self.empty() && now - self.first()->start >= self.timeout_) {
      self.late_(self.owner_, *self.first());
    }
    if (!self.empty() && !ev_is_active(timer)) self.Arm(now);
  }

  struct ev_loop* const loop_;
  const Nanos timeout_;
  const Late late_;
  void* const owner_;
  LinkedList<Http1Exchange, &Http1Exchange::by_age> list_;  // the oldest first
  ev_timer timer_;
};

}  // namespace squall
