// A phase of the run, as the workers of one agent execute it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "agent/arrival_queue.h"
#include "agent/span_queue.h"
#include "common/clock.h"

namespace squall {

struct RunPhase {
  explicit RunPhase(uint32_t workers) : numbers(workers) {}

  bool open_loop() const { return arrivals.has_value(); }
  // `now` counts from Start.
  bool IsOver(Nanos now) const { return now >= end; }

  // Counted from Start. At `end` nothing more of it is issued; kForever: until the workers are
  // stopped.
  Nanos begin = 0;
  Nanos end = kForever;
  uint64_t stride = 1;                   // of the newest span granted
  std::atomic<uint64_t> drawn{0};        // numbers that workers drew; some of them again
  SpanQueue numbers;                     // to be sent in a closed loop …
  std::optional<ArrivalQueue> arrivals;  // … or each at its time
};

// By phase.
inline std::vector<bool> OpenLoops(const std::deque<RunPhase>& phases) {
  std::vector<bool> open_loops;
  for (const RunPhase& phase : phases) open_loops.push_back(phase.open_loop());
  return open_loops;
}

}  // namespace squall
