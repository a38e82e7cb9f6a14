// The controller's side of the control protocol: one run, from the first Hello to the last Done.
//
// One thread (the caller of Run) owns everything here; streams and signals push events into the
// mailbox.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/mailbox.h"
#include "controller/allotment.h"
#include "controller/fleet.h"
#include "controller/fleet_keeper.h"
#include "controller/muster.h"
#include "controller/progress.h"
#include "controller/recruiter.h"
#include "controller/result.h"
#include "controller/roster.h"
#include "controller/run_archive.h"
#include "controller/run_record.h"

namespace squall {

class Coordinator {
 public:
  struct Config {
    RunOrder order;
    Invitation invitation;
    std::optional<Address> listen;  // for agents that dial
    std::shared_ptr<TlsFiles> tls;  // for these; null: none
    bool abort_on_loss = false;     // the first lost agent ends the run
    RunArchive* archive = nullptr;  // gets to see all that is merged, if there is one
  };

  // `dialer` and `progress` outlive the coordinator.
  Coordinator(Dialer& dialer, Progress& progress);

  // The first time: no more requests, those in flight are awaited. The second: they are cut off.
  // Any thread.
  void Interrupt();

  // Carries the run out; once. An error means that not one request was sent: CANCELLED after
  // Interrupt(), otherwise with the agent and the reason. Whatever goes wrong later is part of the
  // result.
  absl::StatusOr<RunResult> Run(Config config);

 private:
  void Start();
  void StartMember(size_t index, Nanos lease_from);
  void Drive();
  void LetGo();
  bool IsOver() const;
  bool IsEnding() const;
  void TurnAway(size_t index);
  void OnNotJoined(size_t index);

  void OnEvent(CoordinatorEvent& event);
  void OnHappenings();
  void OnHappening(Happening& happening);
  void OnSaid(size_t index, const v1::AgentMessage& message);
  void OnSnapshot(size_t index, const v1::Snapshot& snapshot);
  void OnInterrupt();
  void OnLost(size_t index, const std::string& reason);
  void OnFenced(size_t index);
  void OnWelcomed(size_t index);
  void OnReady(size_t index);
  void JoinLate(size_t index);
  void SettleConnections();
  void EndLate(Nanos now);
  void StopAll(Nanos drain);

  Dialer& dialer_;
  Progress& progress_;
  Config config_;
  Mailbox<CoordinatorEvent> mailbox_;
  Nanos started_ = 0;
  Nanos grant_at_ = kForever;  // when grants that go by time are looked at again
  int interrupts_ = 0;
  bool stopping_ = false;
  Nanos end_by_ = kForever;  // when agents that have not ended are lost
  Happenings happenings_;

  // In this order, so that streams end before what hears of them.
  std::optional<Roster> roster_;
  std::optional<Recruiter> recruiter_;
  std::optional<FleetKeeper> keeper_;
  std::optional<Allotment> allotment_;
  std::optional<RunRecord> record_;
  std::unique_ptr<FleetServer> server_;
};

}  // namespace squall
