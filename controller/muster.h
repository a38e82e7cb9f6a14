// From a list of addresses to agents that are ready to start.
//
// Every agent is dialled and greeted, a busy one again and again for a while; the concurrency is
// split; plan and list are sent. Whatever goes wrong here ends the run, and nothing has been sent
// to the target. Owned and called by the coordinator's thread.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "common/address.h"
#include "common/mailbox.h"
#include "controller/fleet.h"
#include "controller/member.h"
#include "controller/progress.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// The user wants the run to end.
struct Interrupted {};
using CoordinatorEvent = std::variant<FleetEvent, Interrupted>;

class Muster {
 public:
  struct Config {
    std::string run_id;
    v1::Plan plan;  // concurrency 0: the sum over agents of cores + 1
    std::string list_text;
    std::vector<Address> agents;
  };
  using Members = std::vector<std::unique_ptr<Member>>;

  // Everything is borrowed. `members` is filled, one for each address; its streams push into
  // `mailbox`. `config.plan`'s concurrency is resolved.
  Muster(Config& config, Dialer& dialer, Progress& progress, Mailbox<CoordinatorEvent>& mailbox,
         Members& members);
  ~Muster();

  // Until every member is ready or unused. CANCELLED when interrupted; otherwise errors name the
  // agent.
  absl::Status Run();

  // What the user must know about how the plan was split. A sentence each.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Recruit;  // what is known of a member only until it is ready

  void Dial(size_t index);
  template <typename Done>
  absl::Status Await(Done done);
  std::string WhyLate(size_t index) const;
  absl::Status OnEvent(CoordinatorEvent& event);
  absl::Status OnClosed(size_t index, const AgentClosed& closed);
  absl::Status OnWelcome(size_t index, const v1::Welcome& welcome);
  absl::Status OnFailed(size_t index, const v1::Failed& failed);
  absl::Status SplitConcurrency();
  void BoundConcurrency();
  void SendPlan();
  void SendList(size_t index);

  Config& config_;
  Dialer& dialer_;
  Progress& progress_;
  Mailbox<CoordinatorEvent>& mailbox_;
  Members& members_;
  std::vector<Recruit> recruits_;
  std::set<std::string> unclaimed_sources_;  // of the plan's addresses to send from
  std::vector<std::string> notes_;
};

}  // namespace squall
