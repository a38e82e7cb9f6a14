// From a list of addresses to agents that are ready to start.
//
// Every agent is dialled, or awaited, and greeted, a busy one again and again for a while; the
// concurrency is split; plan and list are sent. Whatever goes wrong here ends the run, and nothing
// has been sent to the target. Owned and called by the coordinator's thread.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "common/mailbox.h"
#include "controller/fleet.h"
#include "controller/progress.h"
#include "controller/recruiter.h"
#include "controller/roster.h"

namespace squall {

// The user wants the run to end.
struct Interrupted {};
using CoordinatorEvent = std::variant<FleetEvent, Interrupted>;

// Who is to take part.
struct Invitation {
  std::vector<AgentSpec> agents;  // to be dialled
  size_t expected = 0;            // that dial, beside these
  Nanos wait = 60 * kSecond;      // for those
  // Agents that cannot be reached do not matter as long as there is one; they may come later.
  bool join_late = false;
  // Agents that dial have weight 1 rather than their cores, as others were given weights.
  bool weighted = false;
};

class Muster {
 public:
  // Everything is borrowed. `order.plan`'s concurrency is resolved.
  Muster(RunOrder& order, const Invitation& invitation, Roster& roster, Recruiter& recruiter,
         Progress& progress, Mailbox<CoordinatorEvent>& mailbox);

  // Until every member is ready, unused or absent. CANCELLED when interrupted; otherwise errors
  // name the agent.
  absl::Status Run();

  // What the user must know about how the plan was split. A sentence each.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  using Done = std::function<bool(size_t index)>;

  absl::Status Await(const Done& done);
  absl::Status AwaitExpected();
  absl::Status Next(Nanos deadline, const Done& done);
  absl::Status OnEvent(CoordinatorEvent& event);
  absl::Status OnStranger(uint64_t number, const FleetNews& news);
  absl::Status OnMember(size_t index, const absl::Status& status);
  bool TakesPart(size_t index) const;
  absl::Status SplitConcurrency();
  void BoundConcurrency();
  void SendPlan();

  RunOrder& order_;
  const Invitation& invitation_;
  Roster& roster_;
  Recruiter& recruiter_;
  Progress& progress_;
  Mailbox<CoordinatorEvent>& mailbox_;
  size_t attached_ = 0;  // agents that dialled and are welcomed
  std::vector<std::string> notes_;
};

// Most requests in flight that an agent's limits allow, where none was asked for; and where it was.
uint32_t DefaultBound(const Member& member, const v1::Plan& plan, size_t agents);
uint64_t MostConcurrency(const Member& member, const v1::Plan& plan);

}  // namespace squall
