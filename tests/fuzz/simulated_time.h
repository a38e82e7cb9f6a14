// Time that passes when a fuzzer wants it to, so that what waits for minutes is over at once.
//
// It stands in for the system's steady clocks, and for the waits on a condition variable that
// mailboxes are made of: whoever waits with nothing to do calls Idle() instead, which makes
// something happen or moves the clock. For one thread: nobody else can end a wait.
#pragma once

#include <functional>

#include "common/clock.h"

namespace squall {

class SimulatedTime {
 public:
  // `idle` is called with no lock held when somebody waits until `deadline`, or for ever
  // (kForever).
  explicit SimulatedTime(std::function<void(Nanos deadline)> idle);
  // From here on it is the system's again.
  ~SimulatedTime();
  SimulatedTime(const SimulatedTime&) = delete;
  SimulatedTime& operator=(const SimulatedTime&) = delete;

  static Nanos Now();
  // Never back.
  static void MoveTo(Nanos time);

 private:
  const std::function<void(Nanos deadline)> idle_;
};

}  // namespace squall
