#include "controller/recruiter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/protocol.h"
#include "common/version.h"
#include "controller/server_record.h"
#include "controller/shares.h"

namespace squall {
namespace {

using Stage = Member::Stage;

// How long an agent may take to answer, and how long a busy one is waited for: longer than it takes
// one to give up a run whose controller is gone, if nothing else was asked for.
constexpr Nanos kAnswerTime = 10 * kSecond;
constexpr Nanos kBusyTime = 15 * kSecond;
constexpr Nanos kRedialInterval = kSecond / 2;
// How long nothing may move while a plan and its list are sent and read.
constexpr Nanos kPrepareTime = 30 * kSecond;
// Round trips, one after the other, when an agent is welcomed and when it is timed again.
constexpr size_t kRoundTrips = 5;

}  // namespace

Recruiter::Recruiter(const RunOrder& order, Roster& roster, Progress& progress)
    : order_(order),
      roster_(roster),
      progress_(progress),
      unclaimed_sources_(order.plan.transport().source_addresses().begin(),
                         order.plan.transport().source_addresses().end()),
      chunks_(order.list) {}

void Recruiter::Dial(size_t index) {
  Member& member = roster_[index];
  if (member.stage != Stage::kBusy) member.give_up_at = SteadyNow() + kAnswerTime;
  member.stage = Stage::kDialed;
  roster_.Dial(index);
}

void Recruiter::Greeted(size_t index) {
  roster_[index].stage = Stage::kDialed;
  roster_[index].give_up_at = SteadyNow() + kAnswerTime;
}

void Recruiter::Time(size_t index) {
  Member& member = roster_[index];
  member.round_trips = member.clock.round_trips() + kRoundTrips;
  member.give_up_at = SteadyNow() + kAnswerTime;
  roster_.Ping(member);
}

bool Recruiter::IsTimed(size_t index) const {
  const Member& member = roster_[index];
  return (member.stage == Stage::kWelcomed || member.stage == Stage::kReady) &&
         member.clock.round_trips() >= member.round_trips;
}

void Recruiter::Prepare(size_t index, uint32_t share, uint32_t first_connection,
                        uint64_t max_backlog) {
  Member& member = roster_[index];
  member.stage = Stage::kPreparing;
  member.give_up_at = SteadyNow() + kPrepareTime;
  member.feeder_sent = 0;
  member.list = {};
  v1::ControllerMessage message;
  v1::Prepare& prepare = *message.mutable_prepare();
  prepare.set_run_id(order_.run_id);
  *prepare.mutable_plan() = order_.plan;
  prepare.set_concurrency(share);
  prepare.set_first_connection(first_connection);
  prepare.set_max_backlog(max_backlog);
  prepare.set_rate_nano(RateShare(index));
  prepare.set_lease_ns(order_.times.lease());
  prepare.set_grace_ns(order_.times.grace);
  prepare.set_snapshot_interval_ns(order_.times.interval());
  prepare.set_own_target(order_.own_target);
  prepare.set_asks_server(index < ServerRecord::kAskers && !order_.own_target);
  if (order_.own_target) member.result.host.clear_ceiling();  // it is to be found
  member.link->Send(std::move(message));
}

// Of the highest rate of a phase, as lanes are dealt out to those that take part.
uint64_t Recruiter::RateShare(size_t index) const {
  uint64_t highest = 0;
  for (const v1::Phase& phase : order_.plan.phases()) {
    highest = std::max<uint64_t>(highest, phase.arrivals().rate_nano());
  }
  std::vector<uint32_t> weights;
  for (size_t i = 0; i < roster_.size(); ++i) {
    const Member& member = roster_[i];
    const bool takes_part = begun_ ? member.begun() : member.result.concurrency != 0;
    weights.push_back(takes_part || i == index ? member.weight : 0);
  }
  return ProportionalShares(highest, weights)[index];
}

absl::Status Recruiter::OnListWanted(Member& member, const v1::ListWanted& wanted) {
  member.give_up_at = SteadyNow() + kPrepareTime;
  if (wanted.until() == 0) return absl::OkStatus();  // it is at work on what it has
  ListOnItsWay& list = member.list;
  if (list.wanted == 0) list.sent = wanted.from();
  if (wanted.until() < list.wanted || wanted.until() < list.sent ||
      wanted.until() > order_.plan.urls().size_bytes()) {
    return absl::InternalError(
        fmt::format("{}: wants more of the list than there is of it", Named(member)));
  }
  list.wanted = wanted.until();
  const bool feeder_goes_first = member.feeder_sent < order_.feeder_text.size();
  return list.under_way || feeder_goes_first ? absl::OkStatus() : SendList(member);
}

// What comes next when everything before it is on its way.
absl::Status Recruiter::SendData(Member& member) {
  const std::string& feeder = order_.feeder_text;
  if (member.feeder_sent == feeder.size()) return SendList(member);
  member.give_up_at = SteadyNow() + kPrepareTime;
  const size_t size = std::min(kChunkBytes, feeder.size() - member.feeder_sent);
  v1::ControllerMessage message;
  message.mutable_feeder()->set_data(feeder.data() + member.feeder_sent, size);
  member.feeder_sent += size;
  member.link->Send(std::move(message));
  return absl::OkStatus();
}

// The next piece of the list, if it is wanted.
absl::Status Recruiter::SendList(Member& member) {
  member.give_up_at = SteadyNow() + kPrepareTime;
  ListOnItsWay& list = member.list;
  list.under_way = list.sent < list.wanted;
  if (!list.under_way) return absl::OkStatus();
  auto piece = chunks_.At(list.sent, list.wanted, !IsNear(member.spec.address));
  if (!piece.ok()) return piece.status();
  v1::ControllerMessage message;
  *message.mutable_data() = std::move(piece->chunk);
  list.sent = piece->end;
  member.link->Send(std::move(message));
  return absl::OkStatus();
}

absl::Status Recruiter::OnNews(size_t index, const FleetNews& news) {
  Member& member = roster_[index];
  if (std::holds_alternative<AgentDrained>(news)) {
    return member.stage == Stage::kPreparing ? SendData(member) : absl::OkStatus();
  }
  if (const auto* closed = std::get_if<AgentClosed>(&news)) return OnClosed(member, *closed);

  const auto& [message, received, room, hold] = std::get<AgentSaid>(news);
  if (message.has_failed()) return OnFailed(member, message.failed());
  if (message.has_pong() && member.stage >= Stage::kWelcomed) {
    return OnPong(member, message.pong(), received);
  }
  if (message.has_welcome() && member.stage == Stage::kDialed) {
    return OnWelcome(member, message.welcome());
  }
  if (message.has_list_wanted() && member.stage == Stage::kPreparing && order_.list != nullptr) {
    return OnListWanted(member, message.list_wanted());
  }
  if (message.has_ready() && member.stage == Stage::kPreparing) {
    member.stage = Stage::kReady;
    for (const std::string& source : message.ready().source_addresses()) {
      unclaimed_sources_.erase(source);
    }
    return absl::OkStatus();
  }
  return absl::InternalError(fmt::format("{}: sent a message out of order", Named(member)));
}

absl::Status Recruiter::OnClosed(const Member& member, const AgentClosed& closed) {
  if (member.stage == Stage::kBusy || member.stage == Stage::kUnused) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{}: {}", Named(member), Reason(closed)));
}

absl::Status Recruiter::OnWelcome(Member& member, const v1::Welcome& welcome) {
  if (welcome.protocol_version() != kProtocolVersion) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: speaks protocol version {} (squall {}), this controller speaks {} (squall "
        "{}); install the same version on both",
        Named(member), welcome.protocol_version(), welcome.build(), kProtocolVersion, kVersion));
  }
  if (welcome.host().cores() == 0 || welcome.host().cores() > kMaxCores) {
    return absl::InternalError(
        fmt::format("{}: says that it has {} cores", Named(member), welcome.host().cores()));
  }
  member.stage = Stage::kWelcomed;
  member.instance = welcome.instance();
  member.weight = member.spec.weight != 0 ? member.spec.weight : welcome.host().cores();
  member.result.name = welcome.name();
  member.result.build = welcome.build();
  member.result.host = welcome.host();
  member.result.obeys_anybody = welcome.obeys_anybody();
  member.clock = {};
  member.round_trips = kRoundTrips;
  roster_.Ping(member);
  return absl::OkStatus();
}

absl::Status Recruiter::OnPong(Member& member, const v1::Pong& pong, Nanos received) {
  if (!member.OnPong(pong, received)) {
    return absl::InternalError(
        fmt::format("{}: its clock shows times that cannot be", Named(member)));
  }
  if (member.clock.round_trips() < member.round_trips) roster_.Ping(member);
  return absl::OkStatus();
}

absl::Status Recruiter::OnFailed(Member& member, const v1::Failed& failed) {
  if (failed.code() != v1::Failed::CODE_BUSY) {
    return absl::FailedPreconditionError(fmt::format("{}: {}", Named(member), failed.message()));
  }
  if (!begun_ && absl::StrContains(failed.message(), Identity())) {
    return absl::InvalidArgumentError(
        fmt::format("{}: is named twice, each time under another name: an agent takes part once",
                    Named(member)));
  }
  const Nanos now = SteadyNow();
  if (member.busy.empty()) {
    member.give_up_at = now + kBusyTime;
    progress_.Message(fmt::format("{}: {}; waiting up to {} s", Named(member), failed.message(),
                                  kBusyTime / kSecond));
  }
  member.busy = failed.message();
  member.stage = Stage::kBusy;
  member.dial_at = now + kRedialInterval;
  return absl::OkStatus();
}

std::string Recruiter::WhyLate(const Member& member) const {
  if (member.stage == Stage::kPreparing) {
    return fmt::format(
        "not ready after {} s; the plan did not get through to it, or its machine is overloaded",
        kPrepareTime / kSecond);
  }
  return member.busy.empty() ? "no answer; is `squall agent` running there?"
                             : member.busy + "; try again when that run is over";
}

Nanos Recruiter::NextTime(size_t index) const {
  return std::min(roster_[index].dial_at, roster_[index].give_up_at);
}

absl::Status Recruiter::OnTime(size_t index, Nanos now) {
  const Member& member = roster_[index];
  if (now >= member.give_up_at) {
    return absl::DeadlineExceededError(fmt::format("{}: {}", Named(member), WhyLate(member)));
  }
  if (now >= member.dial_at) Dial(index);
  return absl::OkStatus();
}

}  // namespace squall
