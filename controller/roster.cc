#include "controller/roster.h"

#include <pwd.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "common/host_name.h"
#include "common/protocol.h"
#include "common/version.h"

namespace squall {
namespace {

// How long an agent that has dialled may take to answer Hello.
constexpr Nanos kFirstWordTime = 10 * kSecond;

}  // namespace

// It does not change, and thousands of agents are told at once.
std::string Identity() {
  static const std::string identity = [] {
    const passwd* user = getpwuid(getuid());
    return fmt::format("{}@{} (process {})", user != nullptr ? user->pw_name : "unknown",
                       HostName(), getpid());
  }();
  return identity;
}

Roster::Roster(Dialer& dialer, std::string run_id, std::function<void(FleetEvent)> events)
    : dialer_(dialer), run_id_(std::move(run_id)), events_(std::move(events)) {}

size_t Roster::Add(const AgentSpec& spec) {
  auto member = std::make_unique<Member>();
  member->spec = spec;
  member->result.address = spec.address.display;
  members_.push_back(std::move(member));
  return members_.size() - 1;
}

v1::ControllerMessage Roster::Hello() const {
  v1::ControllerMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_protocol_version(kProtocolVersion);
  hello.set_build(std::string(kVersion));
  hello.set_controller(Identity());
  hello.set_run_id(run_id_);
  return message;
}

void Roster::Link(size_t index, uint64_t number, std::unique_ptr<AgentLink> link) {
  Disconnect(index);
  Member& member = *members_[index];
  member.link = std::move(link);
  member.link_number = number;
  member.linked_at = SteadyNow();
  owners_[number] = index;
}

void Roster::Dial(size_t index) {
  const uint64_t number = ++next_link_;
  Link(index, number,
       dialer_.Dial(members_[index]->spec.address.target, [this, number](FleetNews news) {
         events_(FleetEvent{number, std::move(news)});
       }));
  members_[index]->dial_at = kForever;
  members_[index]->link->Send(Hello());
}

void Roster::Disconnect(size_t index) {
  Member& member = *members_[index];
  if (!member.link) return;
  owners_.erase(member.link_number);
  member.link.reset();
}

void Roster::Greet(uint64_t number, AgentAttached attached) {
  const Nanos now = SteadyNow();
  while (!strangers_.empty() && now - strangers_.begin()->second.since >= kFirstWordTime) {
    strangers_.erase(strangers_.begin());
  }
  attached.link->Send(Hello());
  strangers_.emplace(number, Stranger{std::move(attached), now});
}

size_t Roster::Take(uint64_t number) {
  AgentAttached attached = std::move(strangers_.extract(number).mapped().attached);
  const size_t index = Add({.address = {.display = std::move(attached.peer), .target = {}}});
  members_[index]->attached = true;
  Link(index, number, std::move(attached.link));
  return index;
}

void Roster::Rejoin(uint64_t number, size_t index) {
  Link(index, number, std::move(strangers_.extract(number).mapped().attached.link));
}

void Roster::TurnAway(uint64_t number, v1::ControllerMessage last_words) {
  const auto found = strangers_.find(number);
  if (found == strangers_.end()) return;
  if (last_words.kind_case() != v1::ControllerMessage::KIND_NOT_SET) {
    found->second.attached.link->Send(std::move(last_words));
  }
  strangers_.erase(found);
}

std::optional<size_t> Roster::IndexOf(uint64_t number) const {
  const auto found = owners_.find(number);
  return found == owners_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<size_t> Roster::Attached(const std::string& instance) const {
  for (size_t index = 0; index < members_.size(); ++index) {
    const Member& member = *members_[index];
    if (member.attached && member.begun() && member.instance == instance) return index;
  }
  return std::nullopt;
}

}  // namespace squall
