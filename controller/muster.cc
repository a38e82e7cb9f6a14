#include "controller/muster.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/phases.h"
#include "common/protocol.h"
#include "controller/shares.h"
#include "controller/standstill.h"

namespace squall {
namespace {

using Stage = Member::Stage;

// Most requests in flight of one agent under a rate, if -c says nothing.
constexpr uint32_t kMostPerAgent = 10'000;

// A calibrating agent's connections: with so many, each turn of its workers' loops has much to do.
// More cost it more than they bring.
constexpr uint64_t kConnectionsPerCore = 50;
constexpr uint64_t kMostCalibrating = 5'000;

uint64_t MostUseful(const Member& member, const v1::Plan& plan) {
  return std::min({kConnectionsPerCore * member.result.host.cores(), kMostCalibrating,
                   MostConcurrency(member, plan)});
}

bool IsOutOfReach(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

uint64_t MostConcurrency(const Member& member, const v1::Plan& plan) {
  const uint64_t files = member.result.host.file_limit();
  if (files == 0 || plan.users()) return kMaxConcurrency;  // they share its connections
  const uint64_t connections = files > kOtherFiles ? files - kOtherFiles : 1;
  return std::min<uint64_t>(kMaxConcurrency, connections) * plan.transport().streams();
}

uint32_t DefaultBound(const Member& member, const v1::Plan& plan, size_t agents) {
  const uint64_t most = std::min<uint64_t>(kMostPerAgent, kMaxConcurrency / agents);
  return static_cast<uint32_t>(std::min(most, MostConcurrency(member, plan)));
}

Muster::Muster(RunOrder& order, const Invitation& invitation, Roster& roster, Recruiter& recruiter,
               Progress& progress, Mailbox<CoordinatorEvent>& mailbox)
    : order_(order),
      invitation_(invitation),
      roster_(roster),
      recruiter_(recruiter),
      progress_(progress),
      mailbox_(mailbox) {}

absl::Status Muster::Run() {
  for (const AgentSpec& agent : invitation_.agents) recruiter_.Dial(roster_.Add(agent));
  absl::Status status = AwaitExpected();
  const auto timed = [this](size_t index) {
    return !TakesPart(index) || recruiter_.IsTimed(index);
  };
  if (status.ok()) status = Await(timed);
  if (status.ok()) status = SplitConcurrency();
  if (!status.ok()) return status;
  SendPlan();
  status = Await(
      [this](size_t index) { return !TakesPart(index) || roster_[index].stage == Stage::kReady; });
  if (!status.ok()) return status;
  if (const std::set<std::string>& unclaimed = recruiter_.unclaimed_sources(); !unclaimed.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("--source-address {}: no agent has this address: correct it or leave it out",
                    *unclaimed.begin()));
  }
  // The start is to be one instant: clocks are looked at once more, as the list may have taken
  // long.
  for (size_t i = 0; i < roster_.size(); ++i) {
    if (TakesPart(i)) recruiter_.Time(i);
  }
  return Await(timed);
}

bool Muster::TakesPart(size_t index) const {
  const Stage stage = roster_[index].stage;
  return stage != Stage::kAbsent && stage != Stage::kUnused;
}

absl::Status Muster::AwaitExpected() {
  if (invitation_.expected == 0) return absl::OkStatus();
  const Nanos deadline = SteadyNow() + invitation_.wait;
  progress_.Message(fmt::format("waiting for {} agent{} to join", invitation_.expected,
                                invitation_.expected == 1 ? "" : "s"));
  while (attached_ < invitation_.expected) {
    if (SteadyNow() >= deadline) {
      return absl::DeadlineExceededError(fmt::format(
          "{} of {} expected agents joined within {:.3g} s; are they started by `squall "
          "agent --join` with this address? (--wait, --expect)",
          attached_, invitation_.expected, static_cast<double>(invitation_.wait) * 1e-9));
    }
    const absl::Status status =
        Next(deadline, [this](size_t index) { return roster_[index].stage == Stage::kWelcomed; });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Handles events until `done` holds for every member.
absl::Status Muster::Await(const Done& done) {
  while (true) {
    bool all = true;
    for (size_t i = 0; all && i < roster_.size(); ++i) all = done(i);
    if (all) break;
    if (absl::Status status = Next(kForever, done); !status.ok()) return status;
  }
  for (size_t i = 0; i < roster_.size(); ++i) {
    if (TakesPart(i)) return absl::OkStatus();
  }
  return absl::UnavailableError("not one agent can be reached");
}

// Waits for one event, or for something to fall due, of those that are not done.
absl::Status Muster::Next(Nanos deadline, const Done& done) {
  Standstill standstill(SteadyNow());
  deadline = std::min(deadline, SteadyNow() + Standstill::kLookInterval);
  for (size_t i = 0; i < roster_.size(); ++i) {
    if (TakesPart(i) && !done(i)) deadline = std::min(deadline, recruiter_.NextTime(i));
  }
  // Many agents say much at once: what they wait for is looked at when they are silent.
  std::optional<CoordinatorEvent> event = mailbox_.PopUntil(deadline);
  while (event) {
    if (absl::Status status = OnEvent(*event); !status.ok()) return status;
    event = mailbox_.PopUntil(0);
  }
  const Nanos now = SteadyNow();
  const Nanos stood_still = standstill.Look(now);
  for (size_t i = 0; i < roster_.size(); ++i) {
    if (!TakesPart(i) || done(i)) continue;
    roster_[i].give_up_at += stood_still;
    if (absl::Status status = OnMember(i, recruiter_.OnTime(i, now)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Muster::OnEvent(CoordinatorEvent& event) {
  if (std::holds_alternative<Interrupted>(event)) {
    return absl::CancelledError("interrupted before the start: nothing was sent");
  }
  auto& [number, news] = std::get<FleetEvent>(event);
  if (auto* attached = std::get_if<AgentAttached>(&news)) {
    roster_.Greet(number, std::move(*attached));
    return absl::OkStatus();
  }
  if (roster_.IsStranger(number)) return OnStranger(number, news);
  const std::optional<size_t> index = roster_.IndexOf(number);
  if (!index) return absl::OkStatus();
  return OnMember(*index, recruiter_.OnNews(*index, news));
}

// As many as are expected are taken; what others are, and those that are not fit, is their matter.
absl::Status Muster::OnStranger(uint64_t number, const FleetNews& news) {
  if (std::holds_alternative<AgentDrained>(news)) return absl::OkStatus();
  const auto* said = std::get_if<AgentSaid>(&news);
  if (said != nullptr && said->message.has_failed() &&
      said->message.failed().code() != v1::Failed::CODE_BUSY) {
    progress_.Message(fmt::format("agent {} does not join: {}", roster_.PeerOf(number),
                                  said->message.failed().message()));
  }
  if (said == nullptr || !said->message.has_welcome() || attached_ == invitation_.expected) {
    roster_.TurnAway(number);
    return absl::OkStatus();
  }
  const size_t index = roster_.Take(number);
  if (invitation_.weighted) roster_[index].spec.weight = 1;
  recruiter_.Greeted(index);
  absl::Status status = recruiter_.OnNews(index, news);
  if (!status.ok()) return status;
  ++attached_;
  progress_.Message(
      fmt::format("{} joined ({} of {})", Named(roster_[index]), attached_, invitation_.expected));
  return status;
}

// An agent that can't be reached ends the run, unless it may come later.
absl::Status Muster::OnMember(size_t index, const absl::Status& status) {
  Member& member = roster_[index];
  if (status.ok() || !invitation_.join_late || member.attached || !IsOutOfReach(status)) {
    return status;
  }
  progress_.Message(fmt::format("{}; the run begins without it", std::string(status.message())));
  roster_.Disconnect(index);
  member.stage = Stage::kAbsent;
  member.dial_at = SteadyNow();
  member.result.concurrency = 0;
  return absl::OkStatus();
}

// Under a rate the concurrency is only a bound: if none was asked for, it is what limits allow.
void Muster::BoundConcurrency() {
  uint64_t sum = 0;
  for (size_t i = 0; i < roster_.size(); ++i) {
    if (!TakesPart(i)) continue;
    roster_[i].result.concurrency = DefaultBound(roster_[i], order_.plan, roster_.size());
    sum += roster_[i].result.concurrency;
  }
  order_.plan.set_concurrency(static_cast<uint32_t>(sum));
}

absl::Status Muster::SplitConcurrency() {
  v1::Plan& plan = order_.plan;
  const bool by_rate = MeasuredPhase(plan).has_arrivals();
  if (by_rate && plan.concurrency() == 0) {
    BoundConcurrency();
    return absl::OkStatus();
  }
  std::vector<size_t> members;
  std::vector<uint32_t> weights;
  uint64_t asked = 0;
  for (size_t i = 0; i < roster_.size(); ++i) {
    if (!TakesPart(i)) continue;
    members.push_back(i);
    weights.push_back(roster_[i].weight);
    asked += order_.own_target ? MostUseful(roster_[i], plan)
                               : uint64_t{roster_[i].result.host.cores()} + 1;
  }
  if (plan.concurrency() != 0) asked = plan.concurrency();
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

  const std::vector<uint32_t> shares = SharesByWeight(plan.concurrency(), weights);
  size_t taking_part = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    roster_[members[i]].result.concurrency = shares[i];
    if (shares[i] != 0) ++taking_part;
  }
  if (taking_part < members.size()) {
    notes_.push_back(fmt::format("{} of {} agents took part: concurrency is {}", taking_part,
                                 members.size(), concurrency));
  }
  return absl::OkStatus();
}

void Muster::SendPlan() {
  const uint32_t streams = order_.plan.transport().streams();
  uint32_t first_connection = 0;
  std::vector<uint32_t> weights;  // as lanes are dealt out
  for (const auto& member : roster_) {
    weights.push_back(member->result.concurrency == 0 ? 0 : member->weight);
  }
  const std::vector<uint64_t> backlogs =
      ProportionalShares(MeasuredPhase(order_.plan).arrivals().max_backlog(), weights);
  for (size_t i = 0; i < roster_.size(); ++i) {
    const uint32_t share = roster_[i].result.concurrency;
    if (!TakesPart(i)) continue;
    if (share == 0) {
      roster_[i].stage = Stage::kUnused;
      roster_.Disconnect(i);
      continue;
    }
    recruiter_.Prepare(i, share, first_connection, backlogs[i]);
    first_connection += (share + streams - 1) / streams;
  }
}

}  // namespace squall
