// What done(summary, latency, requests) of a script is called with.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/histogram.h"
#include "common/script.h"
#include "squall/v1/control.pb.h"

namespace squall {

// Values as wrk's statistics have them: min, max, mean, stdev, percentile(p), and the i-th value
// with its count.
struct ScriptStats {
  // Of nanoseconds, in microseconds.
  static ScriptStats Of(const Histogram& histogram);
  static ScriptStats Of(std::vector<double> values);

  // The smallest value that so many percent are not above.
  double Percentile(double percent) const;

  uint64_t count = 0;
  double min = 0;
  double max = 0;
  double mean = 0;
  double stdev = 0;
  std::vector<std::pair<double, uint64_t>> values;  // rising
};

struct ScriptSummary {
  Nanos duration = 0;
  uint64_t requests = 0;  // that were answered
  uint64_t bytes = 0;     // received
  uint64_t connect = 0;   // errors, by kind
  uint64_t read = 0;
  uint64_t write = 0;
  uint64_t status = 0;
  uint64_t timeout = 0;
  ScriptStats latency;
  ScriptStats rates;  // requests a second
};

// Of a script that has a done(), and has only been loaded: calls setup() for each of the workers
// there were, as they ended, and then done(). `print` gets what that says. INVALID_ARGUMENT as
// Script has it.
absl::Status CallScriptDone(Script& script, const ScriptSummary& summary,
                            const std::vector<v1::ScriptGlobals>& workers, Script::Print print);

}  // namespace squall
