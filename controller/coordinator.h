// The controller's side of the control protocol: one run, from the first Hello to the last Done.
//
// One thread (the caller of Run) owns everything here; streams and signals push events into the
// mailbox.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/clock.h"
#include "common/mailbox.h"
#include "controller/fleet.h"
#include "controller/ledger.h"
#include "controller/progress.h"
#include "controller/result.h"

namespace squall {

class Coordinator {
 public:
  struct Config {
    std::string run_id;
    v1::Plan plan;  // concurrency 0: the sum over agents of cores + 1
    std::string list_text;
    std::vector<Address> agents;
  };

  // `dialer` and `progress` outlive the coordinator.
  Coordinator(Config config, Dialer& dialer, Progress& progress);
  ~Coordinator();

  // The first time: no more requests, those in flight are awaited. The second: they are cut off.
  // Any thread.
  void Interrupt();

  // Carries the run out. An error means that not one request was sent: CANCELLED after Interrupt(),
  // otherwise with the agent and the reason.
  absl::StatusOr<RunResult> Run();

 private:
  struct Member;  // an agent of the fleet
  struct Interrupted {};
  using Event = std::variant<FleetEvent, Interrupted>;

  absl::Status Gather();
  void SplitConcurrency();
  absl::Status Prepare();
  void Start();
  void Drive();
  void Finish();

  // Waits until `done` holds for every member. Errors name the agent that takes too long.
  template <typename Done>
  absl::Status Await(Done done);

  void Dial(size_t index);
  absl::Status BeforeStart(Event& event);
  absl::Status OnWelcome(size_t index, const v1::Welcome& welcome);
  absl::Status OnRefusal(size_t index, const v1::Failed& failed);
  void SendList(size_t index);
  void DuringRun(Event& event);
  void OnSnapshot(size_t index, const v1::Snapshot& snapshot);
  void GrantTo(size_t index);
  void ShowProgress(const Metrics& delta);
  void OnInterrupt();
  void Lose(size_t index, const std::string& reason);
  void StopAll(Nanos drain);
  std::string Named(size_t index) const;

  Config config_;
  Dialer& dialer_;
  Progress& progress_;
  Mailbox<Event> mailbox_;
  std::optional<Ledger> ledger_;
  RunResult result_;
  int interrupts_ = 0;
  bool stopping_ = false;
  Nanos end_by_ = kForever;  // after Stop: when agents that have not ended are lost
  std::vector<std::unique_ptr<Member>> members_;  // last, so that their streams end first
};

}  // namespace squall
