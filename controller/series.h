// A snapshot as a line of series.jsonl. The keys are listed in docs/measurement.md; they are only
// ever added to. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "controller/snapshot_check.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// A snapshot that was merged. What it names is borrowed.
struct MergedSnapshot {
  size_t agent = 0;       // its index among all of the run
  std::string_view name;  // of the agent
  Nanos at = 0;           // when it was merged, since the start of the run
  bool measured = false;  // it is of the measured phase
  const v1::Snapshot& snapshot;
  const CheckedSnapshot& checked;
};

// One JSON object in ASCII, with a line break. `tag` is the agent's in the logs of histograms.
std::string SeriesLine(const MergedSnapshot& merged, std::string_view tag);

}  // namespace squall
