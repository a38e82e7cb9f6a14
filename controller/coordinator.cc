#include "controller/coordinator.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/time/clock.h"
#include "common/phases.h"
#include "common/span.h"
#include "controller/standstill.h"

namespace squall {
namespace {

using Stage = Member::Stage;

// Agents send a snapshot a second; one that says nothing for this long is lost.
constexpr Nanos kSilenceTime = 10 * kSecond;
// How long after the end of its drain time an agent may take to say Done.
constexpr Nanos kDoneTime = 5 * kSecond;
constexpr Nanos kAbortTime = kSecond;
// An agent's clock may differ from ours by so much in what it says of its own run.
constexpr Nanos kWindowSlack = kSecond;

}  // namespace

Coordinator::Coordinator(Dialer& dialer, Progress& progress)
    : dialer_(dialer), progress_(progress) {}

void Coordinator::Interrupt() { mailbox_.Push(Interrupted{}); }

absl::StatusOr<RunResult> Coordinator::Run(Muster::Config config) {
  config_ = std::move(config);
  Muster muster(config_, dialer_, progress_, mailbox_, members_);
  if (absl::Status status = muster.Run(); !status.ok()) return status;
  result_.id = config_.run_id;
  result_.notes = muster.notes();
  Start();
  Drive();
  Finish();
  return std::move(result_);
}

void Coordinator::Start() {
  const v1::Plan& plan = config_.plan;
  for (const v1::Phase& phase : plan.phases()) ledgers_.emplace_back(phase.requests());
  if (ledgers_.size() > 1) result_.warm_up.emplace();
  for (const auto& member : members_) {
    if (member->stage != Stage::kReady) continue;
    for (Ledger& ledger : ledgers_) {
      member->ledger_index = ledger.AddAgent(member->result.concurrency);
    }
  }
  result_.started_at = absl::Now();
  const Nanos now = SteadyNow();
  started_ = now;
  for (size_t i = 0; i < members_.size(); ++i) {
    Member& member = *members_[i];
    if (member.stage != Stage::kReady) continue;
    // Of all phases, so that there is work at once when one follows the other.
    for (size_t phase = 0; phase < ledgers_.size(); ++phase) GrantTo(i, phase);
    v1::ControllerMessage message;
    message.mutable_start();
    member.link->Send(std::move(message));
    member.stage = Stage::kRunning;
    member.give_up_at = now + kSilenceTime;
  }
  if (const v1::Phase& last = MeasuredPhase(plan); last.duration_ns() != 0) {
    // Agents end by themselves, and are only waited for.
    end_by_ = now + PhaseBegin(plan, ledgers_.size()) + last.drain_ns() + kDoneTime;
  }
  progress_.Start(now, plan.phases(0));
}

void Coordinator::Drive() {
  Standstill standstill(SteadyNow());
  while (true) {
    Nanos deadline = end_by_;
    bool running = false;
    for (const auto& member : members_) {
      if (member->stage != Stage::kRunning) continue;
      running = true;
      deadline = std::min(deadline, member->give_up_at);
    }
    if (!running) return;
    std::optional<CoordinatorEvent> event =
        mailbox_.PopUntil(std::min(deadline, SteadyNow() + Standstill::kLookInterval));
    if (event) OnEvent(*event);
    const Nanos now = SteadyNow();
    KeepPhase(now);
    if (!event) ShowProgress({});
    const Nanos stood_still = standstill.Look(now);
    if (end_by_ != kForever) end_by_ += stood_still;
    for (const auto& member : members_) {
      if (member->stage == Stage::kRunning) member->give_up_at += stood_still;
    }
    for (size_t i = 0; i < members_.size(); ++i) {
      if (members_[i]->stage != Stage::kRunning) continue;
      if (now >= end_by_) {
        Lose(i, "it did not end in time");
      } else if (now >= members_[i]->give_up_at) {
        Lose(i, fmt::format("it said nothing for {} s", kSilenceTime / kSecond));
      }
    }
  }
}

void Coordinator::OnEvent(CoordinatorEvent& event) {
  if (std::holds_alternative<Interrupted>(event)) return OnInterrupt();
  auto& fleet_event = std::get<FleetEvent>(event);
  const size_t index = fleet_event.agent;
  Member& member = *members_[index];
  if (fleet_event.attempt != member.attempt || member.stage != Stage::kRunning) return;

  if (auto* closed = std::get_if<AgentClosed>(&fleet_event.news)) {
    return Lose(index, Reason(*closed));
  }
  if (std::holds_alternative<AgentDrained>(fleet_event.news)) return;
  const v1::AgentMessage& message = std::get<AgentSaid>(fleet_event.news).message;
  member.give_up_at = SteadyNow() + kSilenceTime;
  switch (message.kind_case()) {
    case v1::AgentMessage::kSnapshot:
      return OnSnapshot(index, message.snapshot());
    case v1::AgentMessage::kDone:
      // Without a duration an agent has no end of its own.
      if (!stopping_ && MeasuredPhase(config_.plan).duration_ns() == 0) {
        return Lose(index, "it ended before it was told to");
      }
      member.stage = Stage::kDone;
      return;
    case v1::AgentMessage::kFailed:
      return Lose(index, message.failed().message());
    case v1::AgentMessage::kWelcome:
    case v1::AgentMessage::kReady:
    case v1::AgentMessage::KIND_NOT_SET:
      return Lose(index, "it sent a message out of order");
  }
}

void Coordinator::OnSnapshot(size_t index, const v1::Snapshot& snapshot) {
  Member& member = *members_[index];
  if (snapshot.sequence() != member.sequence + 1) {
    return Lose(index,
                fmt::format("it sent snapshot {} after {}", snapshot.sequence(), member.sequence));
  }
  const size_t phase = snapshot.phase();
  if (phase >= ledgers_.size()) {
    return Lose(index, fmt::format("it reports of phase {} of {}", phase + 1, ledgers_.size()));
  }
  absl::StatusOr<std::vector<NumberRun>> held = RunsFromProto(snapshot.held());
  if (!held.ok()) return Lose(index, std::string(held.status().message()));
  absl::StatusOr<Metrics> metrics = Metrics::FromProto(snapshot.metrics());
  if (!metrics.ok()) return Lose(index, std::string(metrics.status().message()));
  uint64_t count = 0;
  for (const NumberRun& run : *held) count += run.count;
  if (count != metrics->recorded()) {
    return Lose(index,
                fmt::format("it sent {} results for {} requests", metrics->recorded(), count));
  }
  const Nanos begin = started_ + PhaseBegin(config_.plan, phase);
  if (snapshot.window_ns() < 0 || snapshot.window_ns() > SteadyNow() - begin + kWindowSlack) {
    return Lose(index, "it says that it runs for longer than it does");
  }
  Ledger& ledger = ledgers_[phase];
  if (absl::Status status = ledger.Hold(member.ledger_index, *held, snapshot.window_ns());
      !status.ok()) {
    return Lose(index, std::string(status.message()));
  }
  member.sequence = snapshot.sequence();
  if (phase + 1 == ledgers_.size()) {
    member.result.metrics.Merge(*metrics);
    result_.fleet.Merge(*metrics);
    result_.elapsed = std::max(result_.elapsed, snapshot.window_ns());
  } else {
    result_.warm_up->recorded += metrics->recorded();
    result_.warm_up->failed += metrics->failed;
    result_.warm_up->connections += metrics->connections;
  }

  v1::ControllerMessage message;
  message.mutable_ack()->set_sequence(snapshot.sequence());
  member.link->Send(std::move(message));
  KeepPhase(SteadyNow());
  ShowProgress(phase == phase_ ? *metrics : Metrics());

  if (ledgers_.back().complete()) {
    // Nothing is in flight but, at most, what the warm-up has left.
    return StopAll(ledgers_.size() > 1 ? MeasuredPhase(config_.plan).drain_ns() : 0);
  }
  if (stopping_) return;
  GrantTo(index, phase);
  for (size_t next = phase + 1; next < ledgers_.size(); ++next) {
    ledgers_[next].Expect(member.ledger_index, ledger.per_second(member.ledger_index));
    GrantTo(index, next);
  }
}

// Lets the user see each phase for itself.
void Coordinator::KeepPhase(Nanos now) {
  while (phase_ + 1 < ledgers_.size()) {
    const Nanos end = started_ + PhaseBegin(config_.plan, phase_ + 1);
    if (now < end) return;
    ++phase_;
    progress_.Start(end, config_.plan.phases(static_cast<int>(phase_)));
  }
}

void Coordinator::ShowProgress(const Metrics& delta) {
  const auto running = std::count_if(members_.begin(), members_.end(), [](const auto& member) {
    return member->stage == Stage::kRunning;
  });
  progress_.Update(SteadyNow(), static_cast<size_t>(running), delta);
}

void Coordinator::GrantTo(size_t index, size_t phase) {
  Member& member = *members_[index];
  const std::optional<Span> span = ledgers_[phase].TopUp(member.ledger_index);
  if (!span) return;
  v1::ControllerMessage message;
  v1::Grant& grant = *message.mutable_grant();
  grant.set_phase(static_cast<uint32_t>(phase));
  grant.set_exhausted(ledgers_[phase].exhausted());
  v1::Span& granted = *grant.add_spans();
  granted.set_first(span->first);
  granted.set_stride(span->stride);
  granted.set_count(span->count);
  member.link->Send(std::move(message));
}

void Coordinator::OnInterrupt() {
  // A loss stays the graver news.
  if (result_.state == RunState::kComplete) result_.state = RunState::kInterrupted;
  if (++interrupts_ == 1) {
    progress_.Message(
        "interrupted: waiting for the requests in flight (Ctrl-C again: do not wait)");
    return StopAll(MeasuredPhase(config_.plan).drain_ns());
  }
  if (interrupts_ > 2) return;
  stopping_ = false;
  StopAll(0);
  end_by_ = SteadyNow() + kAbortTime;
}

void Coordinator::StopAll(Nanos drain) {
  if (stopping_) return;
  stopping_ = true;
  end_by_ = SteadyNow() + drain + kDoneTime;
  for (const auto& member : members_) {
    if (member->stage != Stage::kRunning) continue;
    v1::ControllerMessage message;
    message.mutable_stop()->set_drain_ns(drain);
    member->link->Send(std::move(message));
  }
}

void Coordinator::Lose(size_t index, const std::string& reason) {
  Member& member = *members_[index];
  member.stage = Stage::kLost;
  member.link.reset();
  result_.notes.insert(result_.notes.begin(),
                       fmt::format("{} was lost: {}", Named(member), reason));
  progress_.Message(result_.notes.front());
  if (result_.state == RunState::kComplete) result_.state = RunState::kIncomplete;
  StopAll(MeasuredPhase(config_.plan).drain_ns());
}

void Coordinator::Finish() {
  progress_.Finish();
  const v1::Phase& phase = MeasuredPhase(config_.plan);
  const bool all_held = ledgers_.back().complete();
  const bool by_count = all_held || phase.duration_ns() == 0;
  result_.planned = by_count ? phase.requests() : result_.fleet.recorded();
  if (all_held) {
    result_.state = RunState::kComplete;
  } else if (by_count && result_.state == RunState::kComplete) {
    result_.state = RunState::kIncomplete;
  }
  if (result_.warm_up) {
    result_.warm_up->duration =
        std::min(SteadyNow() - started_, PhaseBegin(config_.plan, ledgers_.size() - 1));
  }
  for (auto& member : members_) result_.agents.push_back(std::move(member->result));
  result_.plan = std::move(config_.plan);
}

}  // namespace squall
