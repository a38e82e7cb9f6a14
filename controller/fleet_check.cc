#include "controller/fleet_check.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace squall {
namespace {

// A busy or slow line is not held up for longer.
constexpr Nanos kMeasuringTime = kSecond;

}  // namespace

void FleetCheck::Interrupt() { mailbox_.Push(Interrupted{}); }

absl::StatusOr<std::vector<AgentCheck>> FleetCheck::Run(const std::vector<Address>& agents,
                                                        Nanos timeout) {
  const Nanos begin = SteadyNow();
  Dial(agents);
  bool goes_on = Await(begin, timeout);
  FindTwins();
  for (size_t index = 0; goes_on && index < probes_.size(); ++index) {
    if (probes_[index].over()) continue;
    if (!measures_) {
      probes_[index].LeaveUnmeasured();
      continue;
    }
    const Nanos now = SteadyNow();
    ++waiting_;
    Say(index, probes_[index].Measure());
    goes_on = Await(now, kMeasuringTime);
    links_[index].reset();
  }
  links_.clear();
  if (!goes_on) return absl::CancelledError("interrupted");
  std::vector<AgentCheck> found;
  for (const AgentProbe& probe : probes_) found.push_back(probe.found());
  return found;
}

void FleetCheck::Dial(const std::vector<Address>& agents) {
  for (size_t index = 0; index < agents.size(); ++index) {
    probes_.emplace_back(agents[index].display);
    links_.push_back(dialer_.Dial(agents[index].target, [this, index](FleetNews news) {
      mailbox_.Push(FleetEvent{index, std::move(news)});
    }));
    ++waiting_;
    Say(index, probes_[index].Greet());
  }
}

bool FleetCheck::Await(Nanos from, Nanos patience) {
  while (waiting_ > 0) {
    std::optional<Event> event = mailbox_.PopUntil(from + patience);
    if (event && std::holds_alternative<Interrupted>(*event)) return false;
    if (event) {
      auto& [link, news] = std::get<FleetEvent>(*event);
      OnNews(static_cast<size_t>(link), news);
    }
    const Nanos now = SteadyNow();
    if (now < from + patience) continue;
    for (size_t index = 0; index < probes_.size(); ++index) {
      probes_[index].GiveUp(now, patience);
      if (probes_[index].over()) links_[index].reset();
    }
    waiting_ = 0;
  }
  return true;
}

void FleetCheck::OnNews(size_t index, FleetNews& news) {
  AgentProbe& probe = probes_[index];
  const bool waited = probe.waits();
  AgentProbe::Words words;
  if (const auto* said = std::get_if<AgentSaid>(&news)) {
    words = probe.OnSaid(said->message, said->received);
  }
  if (const auto* closed = std::get_if<AgentClosed>(&news)) probe.OnClosed(*closed);
  if (words) Say(index, *std::move(words));
  if (waited && !probe.waits()) --waiting_;
  if (probe.over()) links_[index].reset();
}

void FleetCheck::Say(size_t index, v1::ControllerMessage words) {
  probes_[index].Leaves(SteadyNow());
  links_[index]->Send(std::move(words));
}

// One process under several addresses.
void FleetCheck::FindTwins() {
  std::map<std::string, std::string> addresses;  // by instance
  for (size_t index = 0; index < probes_.size(); ++index) {
    const AgentCheck& found = probes_[index].found();
    if (found.instance.empty()) continue;
    const auto [first, is_new] = addresses.emplace(found.instance, found.address);
    if (is_new) continue;
    probes_[index].IsTwinOf(first->second);
    links_[index].reset();
  }
}

}  // namespace squall
