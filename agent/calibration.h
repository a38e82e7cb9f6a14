// A run in which an agent measures itself: against a target of its own.
//
// Nothing of it leaves the machine, whatever the plan says: the plan's URL is replaced by the
// target's, and nothing else of a plan that could lead elsewhere is taken.
//
// Owned and used by the session's thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/ceiling_store.h"
#include "agent/own_target.h"
#include "common/clock.h"
#include "squall/v1/control.pb.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// INVALID_ARGUMENT if own_target is set and the plan is more than plain requests in a closed loop
// for some time.
absl::Status CheckCalibration(const v1::Prepare& prepare);

class Calibration {
 public:
  // Starts the target and makes it the plan's. `program` is squall's own file; `threads`: the
  // agent's most workers.
  static absl::StatusOr<Calibration> Begin(const std::string& program, uint32_t threads,
                                           v1::Prepare& prepare);

  // Each snapshot of the run.
  void Add(const v1::Snapshot& snapshot);

  // When nothing is in flight any more. If the run came to its end, and no request failed, the
  // ceiling that it shows is kept.
  v1::Done End(CeilingStore& store) const;

 private:
  Calibration(OwnTarget target, const v1::Prepare& prepare, uint32_t threads);

  OwnTarget target_;
  const uint32_t threads_;
  const uint32_t connections_;
  const uint32_t phase_;  // the measured one
  const Nanos duration_;  // of that
  Nanos window_ = 0;      // of that, until the end of its last request
  uint64_t succeeded_ = 0;
  uint64_t failed_ = 0;
};

}  // namespace squall
