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
// Grants that go by time go out this often, at least: each is some seconds ahead of its time.
constexpr Nanos kGrantInterval = kSecond / 2;
// An agent's clock may differ from ours by so much in what it says of its own run.
constexpr Nanos kWindowSlack = kSecond;

uint64_t CountOf(const std::vector<NumberRun>& runs) {
  uint64_t count = 0;
  for (const NumberRun& run : runs) count += run.count;
  return count;
}

absl::StatusOr<Closing> ClosingOf(const v1::Snapshot& snapshot) {
  auto held = RunsFromProto(snapshot.held());
  auto dropped = RunsFromProto(snapshot.dropped());
  auto unsent = RunsFromProto(snapshot.unsent());
  for (const auto* runs : {&held, &dropped, &unsent}) {
    if (!runs->ok()) return runs->status();
  }
  return Closing{*std::move(held), *std::move(dropped), *std::move(unsent)};
}

void NoteWhatWasNotSent(const v1::Phase& phase, RunResult& result) {
  if (result.unsent != 0) {
    result.notes.push_back(fmt::format(
        "{} of {} requests were due and not sent when the run ended, the oldest for {:.3g} s: the "
        "rate was more than the server, or -c, allowed",
        result.unsent, result.planned, static_cast<double>(result.oldest_unsent) * 1e-9));
  }
  if (result.dropped != 0) {
    result.notes.push_back(
        fmt::format("{} of {} requests were dropped: they fell due when {} others were waiting "
                    "(--max-backlog)",
                    result.dropped, result.planned, phase.arrivals().max_backlog()));
  }
}

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
  std::vector<LedgerAgent> agents;
  for (const auto& member : members_) {
    if (member->stage != Stage::kReady) continue;
    member->ledger_index = agents.size();
    agents.push_back({member->result.concurrency, member->result.host.cores()});
  }
  for (const v1::Phase& phase : plan.phases()) {
    ledgers_.push_back(MakeLedger(phase, plan.seed(), agents));
    if (phase.has_arrivals()) grant_at_ = 0;
  }
  if (ledgers_.size() > 1) result_.warm_up.emplace();
  result_.started_at = absl::Now();
  const Nanos now = SteadyNow();
  started_ = now;
  for (size_t i = 0; i < members_.size(); ++i) {
    Member& member = *members_[i];
    if (member.stage != Stage::kReady) continue;
    // Of all phases, so that there is work at once when one follows the other.
    for (size_t phase = 0; phase < ledgers_.size(); ++phase) GrantTo(i, phase, now);
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
    Nanos deadline = std::min(end_by_, grant_at_);
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
    GrantByTime(now);
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
  if (absl::Status status = Merge(member, snapshot); !status.ok()) {
    return Lose(index, std::string(status.message()));
  }
  v1::ControllerMessage message;
  message.mutable_ack()->set_sequence(snapshot.sequence());
  member.link->Send(std::move(message));

  if (ledgers_.back()->complete()) {
    // Nothing is in flight but, at most, what the warm-up has left.
    return StopAll(ledgers_.size() > 1 ? MeasuredPhase(config_.plan).drain_ns() : 0);
  }
  if (stopping_) return;
  const Nanos now = SteadyNow();
  const double per_second = ledgers_[snapshot.phase()]->per_second(member.ledger_index);
  GrantTo(index, snapshot.phase(), now);
  for (size_t next = snapshot.phase() + 1; next < ledgers_.size(); ++next) {
    ledgers_[next]->Expect(member.ledger_index, per_second);
    GrantTo(index, next, now);
  }
}

// An error says what is wrong with the snapshot; then nothing of it counts.
absl::Status Coordinator::Merge(Member& member, const v1::Snapshot& snapshot) {
  if (snapshot.sequence() != member.sequence + 1) {
    return absl::InvalidArgumentError(
        fmt::format("it sent snapshot {} after {}", snapshot.sequence(), member.sequence));
  }
  const size_t phase = snapshot.phase();
  if (phase >= ledgers_.size()) {
    return absl::InvalidArgumentError(
        fmt::format("it reports of phase {} of {}", phase + 1, ledgers_.size()));
  }
  const absl::StatusOr<Closing> closing = ClosingOf(snapshot);
  if (!closing.ok()) return closing.status();
  const absl::StatusOr<Metrics> metrics = Metrics::FromProto(snapshot.metrics());
  if (!metrics.ok()) return metrics.status();
  if (const uint64_t count = CountOf(closing->held); count != metrics->recorded()) {
    return absl::InvalidArgumentError(
        fmt::format("it sent {} results for {} requests", metrics->recorded(), count));
  }
  const Nanos longest = SteadyNow() - BeginOf(phase) + kWindowSlack;
  if (snapshot.window_ns() < 0 || snapshot.window_ns() > longest ||
      snapshot.oldest_unsent_ns() < 0 || snapshot.oldest_unsent_ns() > longest) {
    return absl::InvalidArgumentError("it says that it runs for longer than it does");
  }
  if (absl::Status status =
          ledgers_[phase]->Close(member.ledger_index, *closing, snapshot.window_ns());
      !status.ok()) {
    return status;
  }
  member.sequence = snapshot.sequence();
  AgentResult& agent = member.result;
  agent.peak_connections = std::max(agent.peak_connections, snapshot.peak_connections());
  if (phase + 1 == ledgers_.size()) {
    agent.metrics.Merge(*metrics);
    result_.fleet.Merge(*metrics);
    result_.elapsed = std::max(result_.elapsed, snapshot.window_ns());
    result_.dropped += CountOf(closing->dropped);
    result_.unsent += CountOf(closing->unsent);
    result_.oldest_unsent = std::max(result_.oldest_unsent, snapshot.oldest_unsent_ns());
  } else {
    result_.warm_up->recorded += metrics->recorded();
    result_.warm_up->failed += metrics->failed;
    result_.warm_up->connections += metrics->connections;
  }
  KeepPhase(SteadyNow());
  ShowProgress(phase == phase_ ? *metrics : Metrics());
  return absl::OkStatus();
}

// Lets the user see each phase for itself.
void Coordinator::KeepPhase(Nanos now) {
  while (phase_ + 1 < ledgers_.size()) {
    const Nanos end = BeginOf(phase_ + 1);
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

void Coordinator::GrantTo(size_t index, size_t phase, Nanos now) {
  Member& member = *members_[index];
  Ledger& ledger = *ledgers_[phase];
  const std::vector<Span> spans = ledger.Grant(member.ledger_index, now - BeginOf(phase));
  if (spans.empty()) return;
  v1::ControllerMessage message;
  v1::Grant& grant = *message.mutable_grant();
  grant.set_phase(static_cast<uint32_t>(phase));
  grant.set_exhausted(ledger.exhausted());
  for (const Span& span : spans) {
    v1::Span& granted = *grant.add_spans();
    granted.set_first(span.first);
    granted.set_stride(span.stride);
    granted.set_count(span.count);
  }
  member.link->Send(std::move(message));
}

// An arrival rate waits for nobody: what comes due is granted whatever has come back.
void Coordinator::GrantByTime(Nanos now) {
  if (now < grant_at_) return;
  grant_at_ = stopping_ ? kForever : now + kGrantInterval;
  if (stopping_) return;
  for (size_t phase = 0; phase < ledgers_.size(); ++phase) {
    if (!config_.plan.phases(static_cast<int>(phase)).has_arrivals()) continue;
    for (size_t i = 0; i < members_.size(); ++i) {
      if (members_[i]->stage == Stage::kRunning) GrantTo(i, phase, now);
    }
  }
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
  const bool complete = ledgers_.back()->complete();
  // In a closed loop a duration ends the run wherever it is.
  const bool by_count = complete || phase.duration_ns() == 0 || phase.has_arrivals();
  result_.planned = by_count ? ledgers_.back()->total() : result_.fleet.recorded();
  if (complete) {
    result_.state = RunState::kComplete;
  } else if (by_count && result_.state == RunState::kComplete) {
    result_.state = RunState::kIncomplete;
  }
  if (result_.warm_up) {
    result_.warm_up->duration =
        std::min(SteadyNow() - started_, PhaseBegin(config_.plan, ledgers_.size() - 1));
  }
  NoteWhatWasNotSent(phase, result_);
  for (auto& member : members_) result_.agents.push_back(std::move(member->result));
  result_.plan = std::move(config_.plan);
}

}  // namespace squall
