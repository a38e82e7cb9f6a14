// Failures that came from within Send(), where they may not be told: they are in the loop's next
// turn.
//
// Belongs to the loop's thread.
#pragma once

#include <ev.h>
#include <string>
#include <string_view>
#include <vector>

#include "agent/http1_exchange.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class Http1Deferred {
 public:
  using Tell = void (*)(void* owner, Http1Exchange& exchange, v1::FailureKind kind,
                        std::string_view detail) noexcept;

  Http1Deferred(struct ev_loop* loop, Tell tell, void* owner)
      : loop_(loop), tell_(tell), owner_(owner) {
    ev_timer_init(&timer_, &OnTime, 0., 0.);
    timer_.data = this;
  }
  ~Http1Deferred() { ev_timer_stop(loop_, &timer_); }
  Http1Deferred(const Http1Deferred&) = delete;
  Http1Deferred& operator=(const Http1Deferred&) = delete;

  void Add(Http1Exchange& exchange, v1::FailureKind kind, std::string_view detail) {
    exchange.deferred = true;
    failures_.push_back({&exchange, kind, std::string(detail)});
    if (!ev_is_active(&timer_)) ev_timer_start(loop_, &timer_);
  }
  void Clear() { failures_.clear(); }

 private:
  struct Failure {
    Http1Exchange* exchange;
    v1::FailureKind kind;
    std::string detail;
  };

  // Those that fail again from within the outcomes wait for the next turn of the loop.
  static void OnTime(struct ev_loop*, ev_timer* timer, int) noexcept {
    Http1Deferred& self = *static_cast<Http1Deferred*>(timer->data);
    self.being_told_.swap(self.failures_);
    for (const Failure& failure : self.being_told_) {
      if (!failure.exchange->deferred) continue;
      self.tell_(self.owner_, *failure.exchange, failure.kind, failure.detail);
    }
    self.being_told_.clear();
  }

  struct ev_loop* const loop_;
  const Tell tell_;
  void* const owner_;
  std::vector<Failure> failures_;
  std::vector<Failure> being_told_;
  ev_timer timer_;
};

}  // namespace squall
