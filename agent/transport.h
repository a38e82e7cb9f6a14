// The seam between a worker and the way its requests are sent.
//
// A transport lives on one worker's thread and event loop and is never called from another.
#pragma once

#include <cstdint>
#include <string>

#include "common/clock.h"
#include "common/metrics.h"

namespace squall {

class Transport {
 public:
  // Gets the outcome of each request, once.
  class Sink {
   public:
    // `end` is the time of the last byte or of the failure. `outcome` is borrowed for the call.
    // The slot is free again: Send() may be called from here, for this slot or another free one.
    virtual void OnOutcome(uint32_t slot, Nanos end, const Outcome& outcome) noexcept = 0;

   protected:
    ~Sink() = default;
  };

  virtual ~Transport() = default;

  // Sends one request to `url` (borrowed for the call) in a free slot, 0 ≤ slot < slots. The
  // outcome comes later from the loop, never from within this call.
  virtual void Send(uint32_t slot, const std::string& url) = 0;

  // Gives up every request in flight: each gets the outcome FAILURE_KIND_CUT_OFF from within this
  // call. Nothing may be sent from those calls or afterwards.
  virtual void CutOff() = 0;
};

}  // namespace squall
