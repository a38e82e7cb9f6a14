// A worker's event loop and the watchers of its own (a transport has others on the same loop).
//
// Part of agent/worker.cc alone: libev's header is not for all who include agent/worker.h. The
// worker's thread only, once it runs.
#pragma once

#include <ev.h>
#include <optional>

#include "agent/host_counters.h"
#include "agent/pacing_timer.h"
#include "agent/worker.h"
#include "common/clock.h"

namespace squall {

struct Worker::Loop {
  // Takes `created` over.
  Loop(struct ev_loop* created, Worker* worker) : loop(created) {
    pacing.emplace(
        created, [](void* owner) noexcept { static_cast<Worker*>(owner)->OnTime(); }, worker);
    ev_async_init(&command, [](struct ev_loop*, ev_async* watcher, int) noexcept {
      static_cast<Worker*>(watcher->data)->TakeCommands();
    });
    ev_timer_init(
        &phase_end,
        [](struct ev_loop*, ev_timer* watcher, int) noexcept {
          auto* self = static_cast<Worker*>(watcher->data);
          const Nanos now = SteadyNow();
          if (now < self->phase_end_) {  // by less than the loop can tell
            self->loop_->Arm(*watcher, self->phase_end_);
          } else {
            self->EndPhase();
          }
        },
        0, 0);
    ev_timer_init(
        &cut_off,
        [](struct ev_loop*, ev_timer* watcher, int) noexcept {
          static_cast<Worker*>(watcher->data)->CutOff();
        },
        0, 0);
    ev_timer_init(
        &pulse,
        [](struct ev_loop*, ev_timer* watcher, int) noexcept {
          auto* self = static_cast<Worker*>(watcher->data);
          self->pulse_.Beat(SteadyNow() - self->loop_->beat_at);
          self->loop_->Beat();
        },
        0, 0);
    // Before the loop waits again, users go on.
    ev_timer_init(
        &users, [](struct ev_loop*, ev_timer*, int) noexcept {}, 0, 0);
    ev_prepare_init(&before_waiting, [](struct ev_loop*, ev_prepare* watcher, int) noexcept {
      static_cast<Worker*>(watcher->data)->Fill();
    });
    command.data = phase_end.data = cut_off.data = pulse.data = before_waiting.data = worker;
    ev_async_start(loop, &command);
    ev_prepare_start(loop, &before_waiting);
  }
  ~Loop() {
    pacing.reset();
    ev_loop_destroy(loop);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // (Re)arms a one-shot timer for a time on the steady clock.
  void Arm(ev_timer& timer, Nanos at) {
    ev_now_update(loop);
    ev_timer_stop(loop, &timer);
    const Nanos delay = at - SteadyNow();
    ev_timer_set(&timer, delay > 0 ? static_cast<double>(delay) * 1e-9 : 0.0, 0.0);
    ev_timer_start(loop, &timer);
  }

  // On the worker's thread, until it breaks.
  void Run(WorkerPulse& shown) noexcept {
    shown.Begin(ThisThreadId());
    Beat();
    ev_run(loop, 0);
  }
  // Makes the pulse beat next.
  void Beat() {
    beat_at = SteadyNow() + WorkerPulse::kPeriod;
    Arm(pulse, beat_at);
  }

  struct ev_loop* const loop;
  ev_async command;
  ev_timer phase_end;
  ev_timer cut_off;
  ev_timer pulse;
  ev_timer users;  // when the next one wakes up
  Nanos beat_at = 0;
  ev_prepare before_waiting;
  std::optional<PacingTimer> pacing;  // gone before the loop
};

}  // namespace squall
