// Holds a run that goes on against those limits of its agent's owner that only the run can show.
//
// Owned and used by the session's thread. Times on the steady clock.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "agent/policy.h"
#include "common/clock.h"
#include "squall/v1/metrics.pb.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class PolicyWatch {
 public:
  // Without limits.
  PolicyWatch() = default;
  explicit PolicyWatch(const Policy::Limits& limits) : limits_(limits) {}

  // How far apart snapshots may be; kForever: as far as the plan likes.
  Nanos interval() const { return limits_.bytes_per_second.most == 0 ? kForever : kSecond; }

  // The run's first phase begins, or began, at `at`. How long its phases last has been checked; but
  // a plan whose last one ends by a number of requests has no end of its own, and others may still
  // await answers after it: for a minute at most.
  void Begin(const v1::Plan& plan, Nanos at);
  // When the run may go on no longer; kForever: it may.
  Nanos end() const { return end_; }

  // What a snapshot brings. Bytes count when their requests have ended.
  void Add(const v1::Metrics& metrics);

  // Whether the run may go on, to be asked after each snapshot and at the end. PERMISSION_DENIED
  // with what it has done, to be put behind the agent's name.
  absl::Status Check(Nanos now);

 private:
  Policy::Limits limits_;
  Nanos end_ = kForever;
  Nanos window_ = kForever;  // since when bytes are counted
  uint64_t bytes_ = 0;
};

}  // namespace squall
