// The workers of an agent's run as a fuzzer wants them, without threads: what is defined here takes
// the place of agent/run_engine.cc when a program is linked. It demands of whoever commands it what
// run_engine.h says, and answers only when it is told to.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "agent/run_engine.h"

namespace squall {

// What the one engine that there is has been told.
struct FakeEngine {
  // Null: there is none.
  static FakeEngine* Get();

  // A worker's news. Answer(): what RequestSnapshot() asked for, once Collect() is called.
  void CallAttention() { events(RunEngine::Attention()); }
  void Answer(RunEngine::Collected answer);

  // The newest snapshot that anybody has said was merged; 0: none.
  uint64_t acknowledged() const;
  // When it was sent, or the lease began.
  Nanos acknowledged_sent() const;

  std::function<void(RunEngine::Event)> events;
  v1::Prepare prepare;
  bool started = false;
  bool stopped = false;
  bool collecting = false;
  bool answered = false;  // and Collect() was not called yet
  Nanos lease_from = 0;
  Nanos lease_until = 0;
  uint64_t commands = 0;  // grants, the start, changes of the concurrency, stops
  uint64_t last_serial = 0;
  RunEngine::Collected collected;
  std::vector<Nanos> snapshots;         // when each was collected
  std::vector<uint64_t> said_to_merge;  // by whomever
};

// Spans of this stride have a number of their own in `first`: such must rise, or one was granted
// twice, or too late.
inline constexpr uint64_t kSerialStride = 1'000'003;

}  // namespace squall
