// A phase of the run, as the workers of one agent execute it.
#pragma once

#include <cstdint>

#include "agent/span_queue.h"
#include "common/clock.h"

namespace squall {

struct RunPhase {
  explicit RunPhase(uint32_t workers) : numbers(workers) {}

  // Counted from Start. At `end` nothing more of it is issued; kForever: until the workers are
  // stopped.
  Nanos begin = 0;
  Nanos end = kForever;
  bool open_loop = false;  // its requests have intended starts
  SpanQueue numbers;       // that are to be sent in it
};

}  // namespace squall
