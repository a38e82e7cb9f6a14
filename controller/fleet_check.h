// A look at a whole fleet before a run: every agent is dialled, and none is taken.
//
// One thread calls Run(); streams put their news into its mailbox.
#pragma once

#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/mailbox.h"
#include "controller/agent_probe.h"
#include "controller/fleet.h"

namespace squall {

class FleetCheck {
 public:
  // The dialer is borrowed. `measures`: the ways to agents as well.
  explicit FleetCheck(Dialer& dialer, bool measures = true)
      : dialer_(dialer), measures_(measures) {}

  // Makes Run() return soon. Any thread.
  void Interrupt();

  // Once. All are greeted at once and given `timeout` to answer; then the ways to those that can be
  // used are measured, one after the other, in at most a second each. In the order of `agents`.
  // CANCELLED if interrupted.
  absl::StatusOr<std::vector<AgentCheck>> Run(const std::vector<Address>& agents, Nanos timeout);

 private:
  struct Interrupted {};
  using Event = std::variant<FleetEvent, Interrupted>;

  void Dial(const std::vector<Address>& agents);
  // Until no probe waits, or whoever does has done so since `from` for `patience`. False:
  // interrupted.
  bool Await(Nanos from, Nanos patience);
  void OnNews(size_t index, FleetNews& news);
  void Say(size_t index, v1::ControllerMessage words);
  void FindTwins();

  Dialer& dialer_;
  const bool measures_;
  Mailbox<Event> mailbox_;
  std::vector<AgentProbe> probes_;
  std::vector<std::unique_ptr<AgentLink>> links_;  // null: of no more use
  size_t waiting_ = 0;                             // probes that wait
};

}  // namespace squall
