// Who was granted which numbers of a phase, and what became of them.
//
// One for each phase. Pure state machines: no clock, no network, no threads of their own; the
// caller says what time it is, in nanoseconds since the beginning of the phase (negative before).
// Every number is granted to one agent at a time and closed once. Grants are finite: some seconds
// of work, so that no agent goes on for long without its controller. Agents come, go and are lost
// while the phase goes on; only later grants change by that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/list_times.h"
#include "common/span.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// What became of numbers. Each list is disjoint, as RunsFromProto() makes it.
struct Closing {
  std::vector<Span> held = {};     // there is a result
  std::vector<Span> dropped = {};  // they fell due beyond the bound of the backlog
  std::vector<Span> unsent = {};   // they were due, and the phase ended before they were sent
};

// An agent of the fleet, as far as it matters here.
struct LedgerAgent {
  uint32_t concurrency = 1;  // its share; at least 1
  uint32_t weight = 1;  // its share of a rate, in proportion to the others' weights; at least 1
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // How many numbers the phase has; 0: as many as are asked for.
  virtual uint64_t total() const = 0;

  // A new agent, which takes part from now on. Its index: 0, 1, 2, …
  virtual size_t Join(const LedgerAgent& agent) = 0;
  // Its shares are others from now on.
  virtual void Change(size_t agent, const LedgerAgent& changed) = 0;
  // It cannot be reached, and is granted nothing until Return(). What it has stays its own.
  virtual void Leave(size_t agent) = 0;
  virtual void Return(size_t agent) = 0;

  struct Loss {
    uint64_t again = 0;              // numbers that go to others
    uint64_t possibly_repeated = 0;  // of these: it may have sent them
  };
  // It is gone for good: what it has and did not account for is granted again, to whoever takes
  // part. It has certainly sent nothing since `fenced`.
  virtual Loss Lose(size_t agent, Nanos fenced) = 0;

  struct Granted {
    Span span;
    bool again = false;  // somebody lost had it before
  };
  // What to grant to an agent now, the smallest numbers first. Nothing for one that has left or is
  // lost.
  virtual std::vector<Granted> Grant(size_t agent, Nanos now) = 0;
  // Nothing is left to be granted (for now: somebody may be lost).
  virtual bool exhausted() const = 0;

  // An agent, also one that has left, tells what became of its numbers, `window` after the
  // beginning of the phase. FAILED_PRECONDITION, and nothing is changed, if one of them is not its
  // own, is closed already or stands there twice.
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

// The ledger that fits the phase, without agents. An agent holds work for about `hold` nanoseconds,
// or under a rate is granted its numbers so long ahead. `listed`, which outlives it: as in
// Schedule.
std::unique_ptr<Ledger> MakeLedger(const v1::Phase& phase, uint64_t seed, Nanos hold,
                                   const ListedTimes* listed = nullptr);

}  // namespace squall
