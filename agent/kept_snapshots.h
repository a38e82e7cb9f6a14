// The snapshots that an agent keeps until they are acknowledged, and what follows from that for how
// long it may send.
//
// One owner; time is passed in (SteadyNow(), nanoseconds). Why it is safe: docs/fleet.md.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

#include "common/clock.h"
#include "squall/v1/control.pb.h"

namespace squall {

class KeptSnapshots {
 public:
  // Gives the snapshot the next sequence number, keeps it and returns it.
  const v1::AgentMessage& Add(v1::Snapshot snapshot, Nanos now) {
    snapshot.set_sequence(++last_);
    Kept& kept = kept_.emplace_back();
    kept.sent = now;
    kept.message.mutable_snapshot()->Swap(&snapshot);
    return kept.message;
  }

  // All up to `sequence` are merged. False if there has been no such snapshot.
  bool Acknowledge(uint64_t sequence) {
    if (sequence > last_) return false;
    while (!kept_.empty() && kept_.front().message.snapshot().sequence() <= sequence) {
      acknowledged_sent_ = kept_.front().sent;
      kept_.pop_front();
    }
    return true;
  }

  // As if one sent at this time were acknowledged: the start.
  void BeginLease(Nanos from) { acknowledged_sent_ = from; }

  // When the newest acknowledged one was sent, for the first time: its lease counts from there.
  Nanos acknowledged_sent() const { return acknowledged_sent_; }
  // When the oldest one that is not acknowledged was sent; kForever if there is none.
  Nanos oldest_sent() const { return kept_.empty() ? kForever : kept_.front().sent; }

  // Calls `each` with every message that is not acknowledged, in order.
  template <typename Each>
  void ForEach(Each each) const {
    for (const Kept& kept : kept_) each(kept.message);
  }

 private:
  struct Kept {
    Nanos sent = 0;
    v1::AgentMessage message;
  };

  std::deque<Kept> kept_;
  uint64_t last_ = 0;  // sequence
  Nanos acknowledged_sent_ = 0;
};

}  // namespace squall
