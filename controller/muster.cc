#include "controller/muster.h"

#include <algorithm>
#include <pwd.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/host_name.h"
#include "common/phases.h"
#include "common/protocol.h"
#include "common/version.h"
#include "controller/shares.h"
#include "controller/standstill.h"

namespace squall {
namespace {

using Stage = Member::Stage;

// How long an agent may take to answer, and how long a busy one is waited for.
constexpr Nanos kAnswerTime = 10 * kSecond;
constexpr Nanos kBusyTime = 10 * kSecond;
constexpr Nanos kRedialInterval = kSecond / 2;
// How long nothing may move while a plan and its list are sent and read.
constexpr Nanos kPrepareTime = 30 * kSecond;
// Most requests in flight of one agent under a rate, if -c says nothing.
constexpr uint32_t kMostPerAgent = 10'000;
// More cores than any machine has: an agent that says so lies.
constexpr uint32_t kMaxCores = 1 << 16;

// user@host, for the agents' logs and for whoever finds them busy.
std::string Identity() {
  const passwd* user = getpwuid(getuid());
  return fmt::format("{}@{} (process {})", user != nullptr ? user->pw_name : "unknown", HostName(),
                     getpid());
}

}  // namespace

struct Muster::Recruit {
  Nanos dial_at = kForever;  // when it is dialled again
  std::string busy;          // what it said when it was busy
  size_t list_sent = 0;      // bytes
};

Muster::Muster(Config& config, Dialer& dialer, Progress& progress,
               Mailbox<CoordinatorEvent>& mailbox, Members& members)
    : config_(config),
      dialer_(dialer),
      progress_(progress),
      mailbox_(mailbox),
      members_(members),
      recruits_(config.agents.size()),
      unclaimed_sources_(config.plan.transport().source_addresses().begin(),
                         config.plan.transport().source_addresses().end()) {
  for (const Address& address : config_.agents) {
    members_.push_back(std::make_unique<Member>());
    members_.back()->result.address = address.display;
  }
}

Muster::~Muster() = default;

absl::Status Muster::Run() {
  for (size_t i = 0; i < members_.size(); ++i) {
    members_[i]->give_up_at = SteadyNow() + kAnswerTime;
    Dial(i);
  }
  absl::Status status =
      Await([](const Member& member) { return member.stage == Stage::kWelcomed; });
  if (!status.ok()) return status;
  if (status = SplitConcurrency(); !status.ok()) return status;
  SendPlan();
  status = Await([](const Member& member) {
    return member.stage == Stage::kReady || member.stage == Stage::kUnused;
  });
  if (!status.ok() || unclaimed_sources_.empty()) return status;
  return absl::InvalidArgumentError(
      fmt::format("--source-address {}: no agent has this address: correct it or leave it out",
                  *unclaimed_sources_.begin()));
}

void Muster::Dial(size_t index) {
  Member& member = *members_[index];
  const uint32_t attempt = ++member.attempt;
  member.stage = Stage::kDialed;
  recruits_[index].dial_at = kForever;
  member.link = dialer_.Dial(config_.agents[index].target,
                             [&mailbox = mailbox_, index, attempt](FleetNews news) {
                               mailbox.Push(FleetEvent{index, attempt, std::move(news)});
                             });
  v1::ControllerMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_protocol_version(kProtocolVersion);
  hello.set_build(std::string(kVersion));
  hello.set_controller(Identity());
  member.link->Send(std::move(message));
}

// Handles events until `done` holds for every member.
template <typename Done>
absl::Status Muster::Await(Done done) {
  Standstill standstill(SteadyNow());
  while (true) {
    Nanos deadline = SteadyNow() + Standstill::kLookInterval;
    bool all = true;
    for (size_t i = 0; i < members_.size(); ++i) {
      if (done(*members_[i])) continue;
      all = false;
      deadline = std::min({deadline, recruits_[i].dial_at, members_[i]->give_up_at});
    }
    if (all) return absl::OkStatus();
    if (std::optional<CoordinatorEvent> event = mailbox_.PopUntil(deadline)) {
      if (absl::Status status = OnEvent(*event); !status.ok()) return status;
    }
    const Nanos now = SteadyNow();
    const Nanos stood_still = standstill.Look(now);
    for (size_t i = 0; i < members_.size(); ++i) {
      if (done(*members_[i])) continue;
      members_[i]->give_up_at += stood_still;
      if (now >= members_[i]->give_up_at) {
        return absl::DeadlineExceededError(fmt::format("{}: {}", Named(*members_[i]), WhyLate(i)));
      }
      if (now >= recruits_[i].dial_at) Dial(i);
    }
  }
}

std::string Muster::WhyLate(size_t index) const {
  if (members_[index]->stage == Stage::kPreparing) {
    return fmt::format(
        "not ready after {} s; the plan did not get through to it, or its machine is overloaded",
        kPrepareTime / kSecond);
  }
  const std::string& busy = recruits_[index].busy;
  return busy.empty() ? "no answer; is `squall agent` running there?"
                      : busy + "; try again when that run is over";
}

absl::Status Muster::OnEvent(CoordinatorEvent& event) {
  if (std::holds_alternative<Interrupted>(event)) {
    return absl::CancelledError("interrupted before the start: nothing was sent");
  }
  auto& fleet_event = std::get<FleetEvent>(event);
  const size_t index = fleet_event.agent;
  Member& member = *members_[index];
  if (fleet_event.attempt != member.attempt) return absl::OkStatus();

  if (std::holds_alternative<AgentDrained>(fleet_event.news)) {
    if (member.stage == Stage::kPreparing) SendList(index);
    return absl::OkStatus();
  }
  if (auto* closed = std::get_if<AgentClosed>(&fleet_event.news)) return OnClosed(index, *closed);

  const v1::AgentMessage& message = std::get<AgentSaid>(fleet_event.news).message;
  if (message.has_failed()) return OnFailed(index, message.failed());
  if (message.has_welcome() && member.stage == Stage::kDialed) {
    return OnWelcome(index, message.welcome());
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

absl::Status Muster::OnClosed(size_t index, const AgentClosed& closed) {
  const Member& member = *members_[index];
  if (member.stage == Stage::kBusy || member.stage == Stage::kUnused) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{}: {}", Named(member), Reason(closed)));
}

absl::Status Muster::OnWelcome(size_t index, const v1::Welcome& welcome) {
  Member& member = *members_[index];
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
  member.result.name = welcome.name();
  member.result.build = welcome.build();
  member.result.host = welcome.host();
  return absl::OkStatus();
}

absl::Status Muster::OnFailed(size_t index, const v1::Failed& failed) {
  Member& member = *members_[index];
  if (failed.code() != v1::Failed::CODE_BUSY) {
    return absl::FailedPreconditionError(fmt::format("{}: {}", Named(member), failed.message()));
  }
  if (absl::StrContains(failed.message(), Identity())) {
    return absl::InvalidArgumentError(
        fmt::format("{}: is named twice, each time under another name: an agent takes part once",
                    Named(member)));
  }
  const Nanos now = SteadyNow();
  if (recruits_[index].busy.empty()) {
    member.give_up_at = now + kBusyTime;
    progress_.Message(fmt::format("{}: {}; waiting up to {} s", Named(member), failed.message(),
                                  kBusyTime / kSecond));
  }
  recruits_[index].busy = failed.message();
  member.stage = Stage::kBusy;
  recruits_[index].dial_at = now + kRedialInterval;
  return absl::OkStatus();
}

// Under a rate the concurrency is only a bound: if none was asked for, it is what limits allow.
void Muster::BoundConcurrency() {
  v1::Plan& plan = config_.plan;
  const uint64_t most = std::min<uint64_t>(kMostPerAgent, kMaxConcurrency / members_.size());
  uint64_t sum = 0;
  for (const auto& member : members_) {
    const uint64_t files = member->result.host.file_limit();
    uint64_t share = most;
    if (files != 0) {
      const uint64_t connections = files > kOtherFiles ? files - kOtherFiles : 1;
      if (connections < most) share = std::min(most, connections * plan.transport().streams());
    }
    member->result.concurrency = static_cast<uint32_t>(share);
    sum += share;
  }
  plan.set_concurrency(static_cast<uint32_t>(sum));
}

absl::Status Muster::SplitConcurrency() {
  v1::Plan& plan = config_.plan;
  const bool by_rate = MeasuredPhase(plan).has_arrivals();
  if (by_rate && plan.concurrency() == 0) {
    BoundConcurrency();
    return absl::OkStatus();
  }
  std::vector<uint32_t> cores;
  for (const auto& member : members_) cores.push_back(member->result.host.cores());
  uint64_t asked = plan.concurrency();
  if (asked == 0) {
    for (const uint32_t count : cores) asked += uint64_t{count} + 1;
  }
  uint64_t concurrency = asked;
  // A warm-up has use for all of it, and under a rate it is only a bound.
  const bool one_by_one = plan.phases_size() == 1 && !by_rate;
  const uint64_t requests = one_by_one ? MeasuredPhase(plan).requests() : 0;
  if (requests != 0 && requests < concurrency) {
    concurrency = requests;
    if (plan.concurrency() != 0) {
      notes_.push_back(
          fmt::format("concurrency is {} instead of {}: there are no more requests than that",
                      concurrency, asked));
    }
  }
  if (concurrency > kMaxConcurrency) {
    return absl::InvalidArgumentError(
        fmt::format("cores + 1 of all agents make a concurrency of {}, and {} is the most: give -c",
                    concurrency, kMaxConcurrency));
  }
  plan.set_concurrency(static_cast<uint32_t>(concurrency));

  const std::vector<uint32_t> shares = SharesByWeight(plan.concurrency(), cores);
  size_t taking_part = 0;
  for (size_t i = 0; i < members_.size(); ++i) {
    members_[i]->result.concurrency = shares[i];
    if (shares[i] != 0) ++taking_part;
  }
  if (taking_part < members_.size()) {
    notes_.push_back(fmt::format("{} of {} agents took part: concurrency is {}", taking_part,
                                 members_.size(), concurrency));
  }
  return absl::OkStatus();
}

void Muster::SendPlan() {
  const Nanos give_up_at = SteadyNow() + kPrepareTime;
  const uint32_t streams = config_.plan.transport().streams();
  uint32_t first_connection = 0;
  std::vector<uint32_t> weights;  // as lanes are dealt out
  for (const auto& member : members_) {
    weights.push_back(member->result.concurrency == 0 ? 0 : member->result.host.cores());
  }
  const std::vector<uint64_t> backlogs =
      ProportionalShares(MeasuredPhase(config_.plan).arrivals().max_backlog(), weights);
  for (size_t i = 0; i < members_.size(); ++i) {
    Member& member = *members_[i];
    if (member.result.concurrency == 0) {
      member.stage = Stage::kUnused;
      member.link.reset();
      continue;
    }
    member.stage = Stage::kPreparing;
    member.give_up_at = give_up_at;
    v1::ControllerMessage message;
    v1::Prepare& prepare = *message.mutable_prepare();
    prepare.set_run_id(config_.run_id);
    *prepare.mutable_plan() = config_.plan;
    prepare.set_concurrency(member.result.concurrency);
    prepare.set_first_connection(first_connection);
    prepare.set_max_backlog(backlogs[i]);
    first_connection += (member.result.concurrency + streams - 1) / streams;
    member.link->Send(std::move(message));
  }
}

// The next piece of the list, when everything before it is on its way.
void Muster::SendList(size_t index) {
  Member& member = *members_[index];
  member.give_up_at = SteadyNow() + kPrepareTime;
  if (recruits_[index].list_sent == config_.list_text.size()) return;
  const size_t size = std::min(kChunkBytes, config_.list_text.size() - recruits_[index].list_sent);
  v1::ControllerMessage message;
  message.mutable_data()->set_data(config_.list_text.data() + recruits_[index].list_sent, size);
  recruits_[index].list_sent += size;
  member.link->Send(std::move(message));
}

}  // namespace squall
