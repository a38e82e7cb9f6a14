// How many requests a worker may have in flight: as many as it was told, until its script stops it,
// and fewer while slots rest.
#include <algorithm>
#include <ev.h>
#include <utility>

#include "agent/worker.h"
#include "agent/worker_loop.h"
#include "common/script.h"

namespace squall {
namespace {

// How many slots are added before the loop turns. libcurl's handles take some 10 µs each to make,
// which is in the time of the requests that are in flight.
constexpr uint32_t kSlotsATurn = 32;

}  // namespace

// Takes its slots closer to their wanted number.
void Worker::Resize() {
  const uint32_t limit =
      users_ != nullptr ? wanted_slots_ : std::min(wanted_slots_, slots_.limit() + kSlotsATurn);
  // Users share those that the transport has.
  if (absl::Status status = users_ != nullptr ? absl::OkStatus() : transport_->SetSlots(limit);
      !status.ok()) {
    status_ = std::move(status);
    wanted_slots_ = slots_.limit();
    return;
  }
  const bool none_to_spare = slots_.room() == in_hand();
  if (slots_.limit() == 0) idle_noted_ = false;
  slots_.SetLimit(limit);
  flight_.SetLimit(SteadyNow(), in_flight(), limit);
  if (state_ == State::kIssuing) {
    if (phases_[phase_].open_loop()) {
      ReserveAnew(none_to_spare);
    } else if (limit == 0 && chunk_.count != 0) {
      phases_[phase_].numbers.PutBack(std::exchange(chunk_, {}));
      listener_.OnPutBack(config_.index);
    }
  }
  if (limit != wanted_slots_) ev_async_send(loop_->loop, &loop_->command);
}

// What is in hand keeps a slot each, as far as there are any.
void Worker::ReserveAnew(bool none_to_spare) {
  ArrivalQueue& arrivals = *phases_[phase_].arrivals;
  const Nanos now = SteadyNow() - phase_begin();
  if (in_hand() == 0) loop_->pacing->Disarm();
  if (slots_.room() > in_hand()) {
    if (none_to_spare) arrivals.Freed(config_.index, now);
    return;
  }
  if (slots_.room() < in_hand()) {
    PutBackHand(slots_.room());
    if (in_hand() == 0) loop_->pacing->Disarm();
    listener_.OnPutBack(config_.index);
  }
  std::vector<ArrivalQueue::Arrival> none;
  arrivals.Draw(config_.index, 0, now, none);
}

// Under a script: whether a slot is free whose rest is over, if it has a delay(): each that becomes
// free begins one.
bool Worker::IsRested(Nanos now) {
  resting_ = false;
  if (!config_.script->delays()) return true;
  while (rests_.count() > slots_.room()) rests_.Remove();
  while (rests_.count() < slots_.room()) rests_.Add(now + config_.script->Delay());
  if (rests_.next() <= now) return true;
  resting_ = true;
  loop_->pacing->Arm(std::min(rests_.next(), phase_end_));
  return false;
}

// Under a script: whether its thread:stop() was called: what it has drawn goes to others, once no
// transport is at work.
bool Worker::IsStoppedByScript() {
  if (stopped_ || !config_.script->thread().stopped) return stopped_;
  stopped_ = true;
  wanted_slots_ = 0;
  ev_async_send(loop_->loop, &loop_->command);
  listener_.OnAttention();
  return true;
}

}  // namespace squall
