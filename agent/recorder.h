// Where a worker writes down what became of its requests.
//
// One worker's thread only. Swap() hands everything recorded so far out in one instant, so the
// numbers, counters and histograms of an interval always belong together. Phases are kept apart: a
// request is recorded for the phase that issued it, whenever it ends.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/connection_look.h"
#include "common/clock.h"
#include "common/flight.h"
#include "common/metrics.h"
#include "common/step_metrics.h"

namespace squall {

// Which request it is; when request `number` of a phase was due, was sent and ended. In a closed
// loop it is due when it is sent.
struct Sample {
  uint32_t phase = 0;
  uint32_t request = 0;  // which of the plan's
  uint64_t number = 0;
  Nanos intended_start = 0;
  Nanos start = 0;
  Nanos end = 0;
  bool again = false;  // granted again, after another agent was lost
  bool light = false;  // sent at little load
};

// What was recorded of one phase between two swaps.
struct PhaseInterval {
  Metrics metrics;  // without addresses, as these have no names yet
  // Where the plan has named requests: what each came to, which is not in `metrics`, but for what
  // their times were spent on: that is there, of all together.
  std::vector<Metrics> of_requests;
  StepMetrics steps;  // where numbers are users: their requests; `metrics` is of their flows
  std::vector<AddressCounts> addresses;  // by number in the run's AddressTable
  std::vector<uint64_t> numbers;         // in order of completion
  Nanos last_end = 0;                    // 0: no request ended
  Flight flight;                         // while the phase was going on

  AddressCounts& CountsOf(uint32_t address) {
    if (address >= addresses.size()) addresses.resize(address + 1);
    return addresses[address];
  }

  void Merge(const PhaseInterval& other) {
    metrics.Merge(other.metrics);
    of_requests.resize(std::max(of_requests.size(), other.of_requests.size()));
    for (size_t i = 0; i < other.of_requests.size(); ++i) {
      if (other.of_requests[i].recorded() != 0) of_requests[i].Merge(other.of_requests[i]);
    }
    steps.Merge(other.steps);
    for (uint32_t address = 0; address < other.addresses.size(); ++address) {
      CountsOf(address) += other.addresses[address];
    }
    numbers.insert(numbers.end(), other.numbers.begin(), other.numbers.end());
    last_end = std::max(last_end, other.last_end);
    flight.Join(other.flight);
  }

  void Clear() {
    metrics.Clear();
    for (Metrics& of_request : of_requests) of_request.Clear();
    steps.Clear();
    std::fill(addresses.begin(), addresses.end(), AddressCounts());
    numbers.clear();
    last_end = 0;
    flight = {};
  }
};

// What was recorded between two swaps, by phase.
struct Interval {
  // `requests`: how many named ones the plan has.
  explicit Interval(size_t phase_count, size_t requests = 0) : phases(phase_count) {
    for (PhaseInterval& phase : phases) phase.of_requests.resize(requests);
  }

  void Clear() {
    for (PhaseInterval& phase : phases) phase.Clear();
    connections.Clear();
  }

  std::vector<PhaseInterval> phases;
  ConnectionLook connections;  // at the end
};

class Recorder {
 public:
  // `open_loop`, by phase: requests have intended starts, so response time and schedule lag are
  // recorded. `requests`: how many named ones the plan has.
  explicit Recorder(std::vector<bool> open_loop, size_t requests = 0)
      : open_loop_(std::move(open_loop)), interval_(open_loop_.size(), requests) {}

  void Record(const Sample& sample, const Outcome& outcome) {
    Latency latency;
    latency.service = std::max<Nanos>(sample.end - sample.start, 0);
    if (open_loop_[sample.phase]) {
      latency.lag = std::max<Nanos>(sample.start - sample.intended_start, 0);
      latency.again = sample.again;
    }
    PhaseInterval& phase = interval_.phases[sample.phase];
    Metrics& metrics =
        phase.of_requests.empty() ? phase.metrics : phase.of_requests[sample.request];
    metrics.Add(sample.number, latency, outcome, phase.metrics.timings);
    if (outcome.kind == v1::FAILURE_KIND_NONE && outcome.address != Outcome::kNoAddress) {
      ++phase.CountsOf(outcome.address).requests;
    }
    phase.numbers.push_back(sample.number);
    phase.last_end = sample.end;
  }

  // A user's flow, which was asleep for so long of its time. Times are told as if it had begun so
  // much later.
  void RecordFlow(Sample sample, Nanos slept, const Outcome& outcome) {
    sample.intended_start += slept;
    sample.start += slept;
    Record(sample, outcome);
  }

  // A request of a user's flow, `sample`, which is called `step` and took `service`. `waited`: it
  // found every connection of its worker busy. The flow itself is recorded when it ends.
  void RecordStep(const Sample& sample, std::string_view step, Nanos service, bool waited,
                  const Outcome& outcome) {
    Latency latency;
    latency.service = std::max<Nanos>(service, 0);
    Metrics& metrics = interval_.phases[sample.phase].steps.Of(step);
    metrics.Add(sample.number, latency, outcome);
    if (waited) ++metrics.waited;
  }

  // A connection belongs to the phase in which it is opened.
  void RecordConnecting(uint32_t phase, uint32_t address) {
    ++interval_.phases[phase].CountsOf(address).connections;
  }

  // So many requests fell due when every connection of their worker was busy.
  void RecordWaiting(uint32_t phase, uint32_t waited, uint32_t beside_free) {
    Metrics& metrics = interval_.phases[phase].metrics;
    metrics.waited += waited;
    metrics.waited_beside_free += beside_free;
  }

  // What was in flight while the phase was going on.
  void RecordFlight(uint32_t phase, const Flight& flight) {
    interval_.phases[phase].flight.Follow(flight);
  }

  // `interval` is empty before, and holds all that was recorded after. Its memory is used next.
  void Swap(Interval& interval) { std::swap(interval_, interval); }

 private:
  const std::vector<bool> open_loop_;
  Interval interval_;
};

}  // namespace squall
