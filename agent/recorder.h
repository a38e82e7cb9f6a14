// Where a worker writes down what became of its requests.
//
// One worker's thread only. Swap() hands everything recorded so far out in one instant, so the
// numbers, counters and histograms of an interval always belong together.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/metrics.h"

namespace squall {

// When request `number` was due, was sent and ended. In a closed loop it is due when it is sent.
struct Sample {
  uint64_t number = 0;
  Nanos intended_start = 0;
  Nanos start = 0;
  Nanos end = 0;
};

// What was recorded between two swaps.
struct Interval {
  Metrics metrics;
  std::vector<uint64_t> numbers;  // in order of completion
  Nanos last_end = 0;             // 0: nothing was recorded

  void Clear() {
    metrics.Clear();
    numbers.clear();
    last_end = 0;
  }
};

class Recorder {
 public:
  void Record(const Sample& sample, const Outcome& outcome) {
    const Nanos service = sample.end > sample.start ? sample.end - sample.start : 0;
    interval_.metrics.Add(sample.number, static_cast<uint64_t>(service), outcome);
    interval_.numbers.push_back(sample.number);
    interval_.last_end = sample.end;
  }

  // `interval` is empty before, and holds all that was recorded after. Its memory is used next.
  void Swap(Interval& interval) { std::swap(interval_, interval); }

 private:
  Interval interval_;
};

}  // namespace squall
