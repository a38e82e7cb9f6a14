// Who was granted which numbers of a phase, and what became of them.
//
// One for each phase. Pure state machines: no clock, no network, no threads of their own; the
// caller says what time it is. Every number is granted to one agent and closed once. Grants are
// finite: some seconds of work, so that no agent goes on for long without its controller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/span.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// What became of numbers. Each list is rising and disjoint, as RunsFromProto() makes it.
struct Closing {
  std::vector<NumberRun> held = {};     // there is a result
  std::vector<NumberRun> dropped = {};  // they fell due beyond the bound of the backlog
  std::vector<NumberRun> unsent = {};   // they were due, and the phase ended before they were sent
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // How many numbers the phase has; 0: as many as are asked for.
  virtual uint64_t total() const = 0;

  // What to grant to an agent now, `now` since the beginning of the phase and negative before.
  virtual std::vector<Span> Grant(size_t agent, Nanos now) = 0;
  // Nothing is left to be granted.
  virtual bool exhausted() const = 0;

  // An agent tells what became of its numbers, `window` after the beginning of the phase.
  // FAILED_PRECONDITION, and nothing is changed, if one of them was not granted to it, is closed
  // already or stands there twice.
  virtual absl::Status Close(size_t agent, const Closing& closing, Nanos window) = 0;
  // Every number of the phase is closed.
  virtual bool complete() const = 0;

  // In requests a second: what an agent was seen to do, 0 if that is not known or does not matter;
  // and what one that has reported nothing yet is expected to do.
  virtual double per_second(size_t agent) const = 0;
  virtual void Expect(size_t agent, double per_second) = 0;
};

// What Close() says of a number that it refuses.
absl::Status NotGranted(uint64_t number);

// An agent of the fleet, as far as it matters here.
struct LedgerAgent {
  uint32_t concurrency = 1;  // its share
  uint32_t cores = 1;
};

// The ledger that fits the phase. An agent's index is that in `agents`.
std::unique_ptr<Ledger> MakeLedger(const v1::Phase& phase, uint64_t seed,
                                   const std::vector<LedgerAgent>& agents);

}  // namespace squall
