// What a worker's transport tells of users' requests: a sink of their own, so that nobody is asked
// of users where there are none.
//
// Part of the worker alone, and its thread's.
#pragma once

#include <cstdint>

#include "agent/transport.h"
#include "agent/worker.h"

namespace squall {

struct Worker::UserSink final : Transport::Sink {
  explicit UserSink(Worker& of) : worker(of) {}

  void OnOutcome(uint32_t slot, Nanos end, const Outcome& outcome) noexcept override {
    worker.OnAnswer(slot, end, outcome);
  }
  void OnBatch() noexcept override { worker.FillWithUsers(); }
  void OnConnecting(uint32_t address) noexcept override { worker.OnConnecting(address); }

  Worker& worker;
};

}  // namespace squall
