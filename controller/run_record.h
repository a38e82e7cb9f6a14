// What a run comes to, as it goes on.
//
// Owned and called by the coordinator's thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "controller/allotment.h"
#include "controller/coverage.h"
#include "controller/number_set.h"
#include "controller/progress.h"
#include "controller/result.h"
#include "controller/roster.h"
#include "controller/run_archive.h"
#include "controller/run_evidence.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class RunRecord {
 public:
  // Everything is borrowed. `archive` gets to see all that is merged; null: there is none.
  RunRecord(const RunOrder& order, Roster& roster, Allotment& allotment, Progress& progress,
            RunArchive* archive);

  RunResult& result() { return result_; }

  // The start, on our clock.
  void Begin(Nanos start);
  // Merges a snapshot, each once. An error says what is wrong with it; then nothing of it counts.
  absl::Status Merge(size_t index, const v1::Snapshot& snapshot);
  void Happened(RunEvent::Kind kind, size_t index, std::string detail);
  // It has said Done.
  void Ended(size_t index, const v1::Done& done);
  // A sentence for the reader, and the run could not be done as asked.
  void Incomplete(std::string why);
  // As many requests have failed as --fail-fast allows. True the first time that it is seen.
  bool FailsFast();
  // All workers of an agent have called thread:stop(). True the first time that it is seen.
  bool StopsByScript(size_t index, const v1::Snapshot& snapshot);
  // So many numbers of a lost agent are not sent by others any more.
  void NobodyCanSend(uint64_t count) { nobodys_ += count; }
  // Shows how it goes, and lets the user see each phase for itself.
  void Show(Nanos now);

  // `interrupted`: it was not let come to its end.
  RunResult Finish(bool interrupted);

 private:
  // One whose metrics are all there are. `steps`: where numbers are users, what their requests came
  // to together; null elsewhere.
  absl::Status MergeWhole(size_t index, const v1::Snapshot& snapshot, const v1::Metrics* steps);
  void AccountForTheRest();
  void NoteWhatWasNotSent();
  void NoteHowTheListWasRead();
  void TellWhatIsRecorded();
  void NoteClocks();
  void NoteWhoObeysAnybody();

  const RunOrder& order_;
  Roster& roster_;
  Allotment& allotment_;
  Progress& progress_;
  RunArchive* const archive_;
  RunResult result_;
  std::optional<NumberSet> recorded_;  // of the measured phase, where requests are tagged
  std::optional<Coverage> coverage_;   // nothing: there is no list
  RunEvidence evidence_;
  Nanos start_ = 0;
  size_t phase_ = 0;    // the one going on, by our clock
  size_t running_ = 0;  // agents
  bool failed_fast_ = false;
  bool stopped_by_script_ = false;
  uint64_t nobodys_ = 0;
  uint64_t rest_ = 0;  // of the unsent ones: no agent told of them
};

}  // namespace squall
