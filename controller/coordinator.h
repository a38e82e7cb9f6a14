// The controller's side of the control protocol: one run, from the first Hello to the last Done.
//
// One thread (the caller of Run) owns everything here; streams and signals push events into the
// mailbox.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/mailbox.h"
#include "common/phases.h"
#include "controller/fleet.h"
#include "controller/ledger.h"
#include "controller/muster.h"
#include "controller/progress.h"
#include "controller/result.h"

namespace squall {

class Coordinator {
 public:
  // `dialer` and `progress` outlive the coordinator.
  Coordinator(Dialer& dialer, Progress& progress);

  // The first time: no more requests, those in flight are awaited. The second: they are cut off.
  // Any thread.
  void Interrupt();

  // Carries the run out; once. An error means that not one request was sent: CANCELLED after
  // Interrupt(), otherwise with the agent and the reason. Whatever goes wrong later is part of the
  // result.
  absl::StatusOr<RunResult> Run(Muster::Config config);

 private:
  void Start();
  void Drive();
  void Finish();

  void OnEvent(CoordinatorEvent& event);
  void OnSnapshot(size_t index, const v1::Snapshot& snapshot);
  absl::Status Merge(Member& member, const v1::Snapshot& snapshot);
  void OnInterrupt();
  void GrantTo(size_t index, size_t phase, Nanos now);
  void GrantByTime(Nanos now);
  // When the phase begins, on our clock.
  Nanos BeginOf(size_t phase) const { return started_ + PhaseBegin(config_.plan, phase); }
  void StopAll(Nanos drain);
  void Lose(size_t index, const std::string& reason);
  void KeepPhase(Nanos now);
  void ShowProgress(const Metrics& delta);

  Dialer& dialer_;
  Progress& progress_;
  Muster::Config config_;
  Mailbox<CoordinatorEvent> mailbox_;
  std::vector<std::unique_ptr<Ledger>> ledgers_;  // by phase
  RunResult result_;
  Nanos started_ = 0;
  size_t phase_ = 0;           // the one going on, by our clock
  Nanos grant_at_ = kForever;  // when grants that go by time are looked at again
  int interrupts_ = 0;
  bool stopping_ = false;
  Nanos end_by_ = kForever;  // when agents that have not ended are lost
  Muster::Members members_;  // last, so that their streams end first
};

}  // namespace squall
