// What `squall run --save` writes while a run goes on, and at its end.
//
// Every snapshot becomes a line in series.jsonl and one in each log of histograms; those have a
// line for each second of the whole fleet as well. Of a run nothing is kept but the second that
// goes on, so that memory does not grow. Lines are handed to the system once a second: whoever
// kills the process loses no more. What cannot be written does not disturb the run; the result
// tells at the end.
//
// Owned and called by the controller's main thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/histogram.h"
#include "common/metrics_parts.h"
#include "controller/append_file.h"
#include "controller/result.h"
#include "controller/series.h"

namespace squall {

class RunArchive {
 public:
  // Makes the folder and its first files. Errors carry the path.
  static absl::StatusOr<std::unique_ptr<RunArchive>> Create(const std::string& folder,
                                                            bool open_loop);
  // Without Begin() it leaves nothing behind.
  ~RunArchive();

  // The run starts. `measured_from`: when its measured phase does, since then.
  void Begin(const std::string& run_id, absl::Time started_at, Nanos measured_from);
  // By rising time.
  void Add(const MergedSnapshot& merged);
  // Ends the files and writes the result; that gets a note of what could not be written.
  void Finish(RunResult& result);

 private:
  // A log of one sort of latency.
  struct Log {
    AppendFile file;
    const char* title;
    MetricsPart part;
    Histogram fleet;  // in the second that goes on
  };
  struct Agent {
    std::string tag;
    Nanos before = 0;  // when its last snapshot of the measured phase was merged
  };

  RunArchive(std::string folder, bool made_folder, AppendFile series);

  Agent& AgentOf(const MergedSnapshot& merged);
  void EndSecond(Nanos end);

  const std::string folder_;
  const bool made_folder_;
  bool begun_ = false;
  AppendFile series_;
  std::vector<Log> logs_;
  Nanos measured_from_ = 0;
  Nanos second_ = 0;  // when the one that goes on began, since the start of the run
  Nanos last_ = 0;    // the newest snapshot
  std::vector<std::optional<Agent>> agents_;  // by index
  std::map<std::string, int> tags_;           // and the last number that told two of one name apart
};

}  // namespace squall
