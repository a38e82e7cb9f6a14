#include "controller/coordinator.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/phases.h"
#include "common/protocol.h"
#include "controller/hearing.h"
#include "controller/standstill.h"

namespace squall {
namespace {

using Stage = Member::Stage;
using Event = RunEvent::Kind;

// How long after the end of its drain time an agent may take to say Done.
constexpr Nanos kDoneTime = 5 * kSecond;
constexpr Nanos kAbortTime = kSecond;
// How long the ends of the streams are awaited.
constexpr Nanos kLetGoTime = kSecond;
// Until the start: for reading the clock, and for writing to each agent.
constexpr Nanos kStartTime = 5 * kMillisecond;
constexpr Nanos kStartTimeEach = 20'000;
// For how long the answers of clocks that were just asked are heard as they come; on longer ways a
// pause is a small part.
constexpr Nanos kRoundTripTime = 10 * kMillisecond;

}  // namespace

Coordinator::Coordinator(Dialer& dialer, Progress& progress)
    : dialer_(dialer), progress_(progress) {}

void Coordinator::Interrupt() { mailbox_.Push(Interrupted{}); }

absl::StatusOr<RunResult> Coordinator::Run(Config config) {
  config_ = std::move(config);
  RunOrder& order = config_.order;
  const auto events = [this](FleetEvent event) { mailbox_.Push(std::move(event)); };
  roster_.emplace(dialer_, order.run_id, events);
  recruiter_.emplace(order, *roster_, progress_);
  if (config_.listen) {
    auto server = FleetServer::Listen(*config_.listen, config_.tls, events);
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    progress_.Message(fmt::format("listening on {}", server_->address()));
  }
  // Without -c, a rate leaves each agent to its own limits.
  const bool fixed_bounds =
      order.plan.concurrency() == 0 && MeasuredPhase(order.plan).has_arrivals();
  Muster muster(order, config_.invitation, *roster_, *recruiter_, progress_, mailbox_);
  if (absl::Status status = muster.Run(); !status.ok()) return status;

  recruiter_->Begun();
  keeper_.emplace(order.times, config_.invitation, *roster_, *recruiter_, progress_);
  allotment_.emplace(order, *roster_, fixed_bounds);
  record_.emplace(order, *roster_, *allotment_, progress_, config_.archive);
  record_->result().notes = muster.notes();
  Start();
  Drive();
  // What lost agents had and nobody can take over any more is accounted for.
  stopping_ = true;
  for (size_t i = 0; i < roster_->size(); ++i) {
    if ((*roster_)[i].stage == Stage::kLost && (*roster_)[i].fence_at != kForever) OnFenced(i);
  }
  RunResult result = record_->Finish(interrupts_ > 0);
  LetGo();
  result.plan = std::move(order.plan);
  return result;
}

// All take part before anybody is granted anything, and everybody learns of the start in time.
void Coordinator::Start() {
  Nanos ahead = kStartTime;
  std::vector<size_t> ready;
  for (size_t i = 0; i < roster_->size(); ++i) {
    Member& member = (*roster_)[i];
    if (member.stage != Stage::kReady) continue;
    member.from_start = true;
    ready.push_back(i);
    ahead = std::max(ahead, kStartTime + 2 * member.clock.slowest());
    allotment_->Join(i);
  }
  started_ = SteadyNow() + ahead + static_cast<Nanos>(ready.size()) * kStartTimeEach;
  allotment_->Begin(started_);
  record_->Begin(started_);
  for (const size_t index : ready) StartMember(index, started_);
  grant_at_ = 0;
  const v1::Plan& plan = config_.order.plan;
  if (const v1::Phase& last = MeasuredPhase(plan); last.duration_ns() != 0) {
    // Agents end by themselves, and are only waited for.
    const Nanos length = allotment_->BeginOf(allotment_->phases()) - started_;
    end_by_ = started_ + length + ClockSync::MostDrift(length) + last.drain_ns() + kDoneTime;
  }
}

// `lease_from` on our clock.
void Coordinator::StartMember(size_t index, Nanos lease_from) {
  Member& member = (*roster_)[index];
  const Nanos now = SteadyNow();
  const ClockSync::Offset offset = member.clock.At(now);
  member.stage = Stage::kRunning;
  member.heard_at = member.linked_at = lease_from;
  member.ping_at = lease_from + config_.order.times.interval() +
                   static_cast<Nanos>(index) * FleetTimes::kPingsApart;
  member.result.clock.emplace();
  member.result.clock->offset = offset.offset;
  member.result.clock->error = offset.error;
  // Of all phases, so that there is work at once when one follows the other.
  for (size_t phase = 0; phase < allotment_->phases(); ++phase) {
    allotment_->Grant(index, phase, now);
  }
  v1::ControllerMessage message;
  message.mutable_start()->set_at_ns(started_ + offset.offset);
  message.mutable_start()->set_lease_from_ns(lease_from + offset.offset);
  member.Command(std::move(message));
}

void Coordinator::Drive() {
  Hearing hearing(mailbox_, server_.get());
  Standstill standstill(SteadyNow());
  Nanos tick_at = 0;
  while (!IsOver()) {
    hearing.StayAwakeUntil(roster_->pinged_at() + kRoundTripTime);
    // Whatever has come is heard before anybody is found to be silent.
    const Nanos now = hearing.Hear(std::min({end_by_, grant_at_, tick_at}), roster_->size(),
                                   [this](CoordinatorEvent& event) { OnEvent(event); });
    if (now >= grant_at_) grant_at_ = allotment_->GrantByTime(now);
    if (now < tick_at && now < end_by_) continue;
    tick_at = now + config_.order.times.tick();
    const Nanos stood_still = standstill.Look(now);
    if (end_by_ != kForever) end_by_ += stood_still;
    keeper_->OnTick(now, stood_still, happenings_);
    if (now >= end_by_) EndLate(now);
    OnHappenings();
    record_->Show(now);
  }
}

// Nobody is left who could add to the result.
bool Coordinator::IsOver() const {
  const bool complete = allotment_->measured().complete();
  return std::none_of(roster_->begin(), roster_->end(), [complete](const auto& member) {
    return member->stage == Stage::kRunning || (member->stage == Stage::kAway && !complete);
  });
}

// Whoever has not ended in time; somebody out of reach may still come back with what it has.
void Coordinator::EndLate(Nanos now) {
  for (size_t i = 0; i < roster_->size(); ++i) {
    const Member& member = (*roster_)[i];
    const bool may_come_back = member.stage == Stage::kAway && interrupts_ == 0;
    if (member.begun() && !may_come_back) keeper_->Lose(i, "it did not end in time", happenings_);
  }
  end_by_ = now + kSecond;
}

void Coordinator::OnEvent(CoordinatorEvent& event) {
  if (std::holds_alternative<Interrupted>(event)) return OnInterrupt();
  auto& [number, news] = std::get<FleetEvent>(event);
  keeper_->OnEvent(number, news, happenings_);
  OnHappenings();
}

// One may lead to others.
void Coordinator::OnHappenings() {
  for (size_t i = 0; i < happenings_.size(); ++i) {
    Happening happening = std::move(happenings_[i]);
    OnHappening(happening);
  }
  happenings_.clear();
}

void Coordinator::OnHappening(Happening& happening) {
  const size_t index = happening.member;
  switch (happening.kind) {
    case Happening::Kind::kSaid:
      if ((*roster_)[index].begun()) OnSaid(index, happening.message);
      return;
    case Happening::Kind::kAway:
      allotment_->Leave(index);
      return progress_.Message(fmt::format("{} is out of reach: {}; waiting up to {:.3g} s for it",
                                           Named((*roster_)[index]), happening.detail,
                                           static_cast<double>(config_.order.times.grace) * 1e-9));
    case Happening::Kind::kBack:
      allotment_->Return(index);
      // What it has kept is on its way.
      if (end_by_ != kForever) end_by_ = std::max(end_by_, SteadyNow() + kDoneTime);
      record_->Happened(Event::kResumed, index,
                        fmt::format("out of reach for {}", happening.detail));
      return allotment_->GrantToAll(SteadyNow());
    case Happening::Kind::kLost:
      return OnLost(index, happening.detail);
    case Happening::Kind::kFenced:
      return OnFenced(index);
    case Happening::Kind::kWelcomed:
      return OnWelcomed(index);
    case Happening::Kind::kReady:
      return OnReady(index);
    case Happening::Kind::kNotJoined:
      return OnNotJoined(index);
  }
}

void Coordinator::OnSaid(size_t index, const v1::AgentMessage& message) {
  Member& member = (*roster_)[index];
  if (message.has_snapshot()) return OnSnapshot(index, message.snapshot());
  if (message.has_failed()) return keeper_->Lose(index, message.failed().message(), happenings_);
  // Without a duration an agent has no end of its own.
  if (!stopping_ && MeasuredPhase(config_.order.plan).duration_ns() == 0) {
    return keeper_->Lose(index, "it ended before it was told to", happenings_);
  }
  member.stage = Stage::kDone;
  record_->Ended(index, message.done());
  keeper_->Dismiss(index, "all is recorded");
}

void Coordinator::OnSnapshot(size_t index, const v1::Snapshot& snapshot) {
  Member& member = (*roster_)[index];
  // One that was merged comes again after a broken stream.
  const bool is_new = snapshot.sequence() > member.sequence;
  if (is_new) {
    if (absl::Status status = record_->Merge(index, snapshot); !status.ok()) {
      return keeper_->Lose(index, std::string(status.message()), happenings_);
    }
  }
  member.Confirm(snapshot.commands());
  if (record_->FailsFast() || record_->StopsByScript(index, snapshot)) {
    StopAll(MeasuredPhase(config_.order.plan).drain_ns());
  }
  if (allotment_->measured().complete()) {
    // Nothing is in flight but, at most, what the warm-up has left.
    StopAll(allotment_->phases() > 1 ? MeasuredPhase(config_.order.plan).drain_ns() : 0);
  } else if (!stopping_ && is_new) {
    allotment_->Report(index, snapshot.concurrency());
    SettleConnections();
    allotment_->GrantFrom(index, snapshot.phase(), SteadyNow());
  }
  if (!is_new || member.owes_acknowledgement()) member.Acknowledge();
}

void Coordinator::OnLost(size_t index, const std::string& reason) {
  allotment_->Leave(index);
  record_->Happened(Event::kLost, index, reason);
  std::string note = fmt::format("{} was lost: {}", Named((*roster_)[index]), reason);
  if (config_.abort_on_loss) {
    record_->Incomplete(std::move(note));
    StopAll(MeasuredPhase(config_.order.plan).drain_ns());
  } else {
    record_->result().notes.push_back(std::move(note));
  }
}

// What it had goes to the others, and so do its connections.
void Coordinator::OnFenced(size_t index) {
  Member& member = (*roster_)[index];
  member.fence_at = kForever;
  // By its own clock, which may have gained on ours since its start.
  const ClockSync::Offset offset = member.clock.At(SteadyNow());
  const Nanos ahead = offset.offset + offset.error - member.result.clock->offset;
  const Nanos fenced = member.heard_at + config_.order.times.fence() + std::max<Nanos>(ahead, 0);
  const Ledger::Loss loss = allotment_->Lose(index, fenced);
  record_->result().possibly_repeated += loss.possibly_repeated;
  if (loss.again != 0) {
    record_->Happened(Event::kRegranted, index,
                      fmt::format("{} requests, of which it may have sent {}", loss.again,
                                  loss.possibly_repeated));
  }
  if (IsEnding()) record_->NobodyCanSend(loss.again);
  if (stopping_) return;
  if (!allotment_->Suffices()) {
    record_->Incomplete(
        fmt::format("the agents that are left cannot have {} requests in flight: they may not open "
                    "so many files",
                    config_.order.plan.concurrency()));
    return StopAll(MeasuredPhase(config_.order.plan).drain_ns());
  }
  SettleConnections();
  allotment_->ShareBacklog();
  allotment_->GrantToAll(SteadyNow());
}

// There is nothing to do for somebody who comes now.
bool Coordinator::IsEnding() const {
  return stopping_ || (MeasuredPhase(config_.order.plan).duration_ns() != 0 &&
                       SteadyNow() >= allotment_->BeginOf(allotment_->phases()));
}

void Coordinator::TurnAway(size_t index) {
  roster_->Disconnect(index);
  (*roster_)[index].stage = Stage::kUnused;
  OnNotJoined(index);
}

void Coordinator::OnNotJoined(size_t index) {
  Member& member = (*roster_)[index];
  allotment_->Release(index);
  if (allotment_->fixed_bounds()) {
    v1::Plan& plan = config_.order.plan;
    plan.set_concurrency(plan.concurrency() - member.result.concurrency);
  }
  member.result.concurrency = 0;
  if (member.stage == Stage::kUnused) member.result.name.clear();  // not in the report
}

// A new agent gets a share as if it had been there from the beginning.
void Coordinator::OnWelcomed(size_t index) {
  Member& member = (*roster_)[index];
  v1::Plan& plan = config_.order.plan;
  if (IsEnding()) return TurnAway(index);
  uint64_t share = 0;
  if (allotment_->fixed_bounds()) {
    share = DefaultBound(member, plan, roster_->size());
    plan.set_concurrency(
        static_cast<uint32_t>(std::min<uint64_t>(plan.concurrency() + share, kMaxConcurrency)));
  } else {
    uint64_t weights = member.weight;
    for (const auto& other : *roster_) weights += other->begun() ? other->weight : 0;
    share = std::max<uint64_t>(uint64_t{plan.concurrency()} * member.weight / weights, 1);
    share = std::min(share, MostConcurrency(member, plan));
  }
  member.result.concurrency = static_cast<uint32_t>(share);
  recruiter_->Prepare(index, member.result.concurrency, 0, allotment_->BacklogOf(index));
}

// Where the concurrency is shared, it is started when the others have made room for it.
void Coordinator::OnReady(size_t index) {
  if (IsEnding()) return TurnAway(index);
  if (allotment_->fixed_bounds()) return JoinLate(index);
  if (!allotment_->Queue(index)) return TurnAway(index);
  (*roster_)[index].give_up_at = kForever;
  SettleConnections();
}

void Coordinator::SettleConnections() {
  for (const size_t index : allotment_->Settle()) JoinLate(index);
}

void Coordinator::JoinLate(size_t index) {
  allotment_->Join(index);
  record_->Happened(
      Event::kJoined, index,
      fmt::format("with {} requests in flight at most", (*roster_)[index].result.concurrency));
  StartMember(index, SteadyNow());
  allotment_->ShareBacklog();
}

void Coordinator::OnInterrupt() {
  if (++interrupts_ == 1) {
    progress_.Message(
        "interrupted: waiting for the requests in flight (Ctrl-C again: do not wait)");
    return StopAll(MeasuredPhase(config_.order.plan).drain_ns());
  }
  if (interrupts_ > 2) return;
  stopping_ = false;
  StopAll(0);
  end_by_ = SteadyNow() + kAbortTime;
}

void Coordinator::StopAll(Nanos drain) {
  if (stopping_) return;
  stopping_ = true;
  allotment_->Stop();
  end_by_ = SteadyNow() + drain + kDoneTime;
  for (const auto& member : *roster_) {
    if (!member->begun()) continue;
    v1::ControllerMessage message;
    message.mutable_stop()->set_drain_ns(drain);
    member->Command(std::move(message));
  }
}

// Streams end in peace: an agent whose stream breaks off would wait for us.
void Coordinator::LetGo() {
  const Nanos deadline = SteadyNow() + kLetGoTime;
  const auto is_linked = [](const auto& member) {
    return member->link && (member->stage == Stage::kDone || member->stage == Stage::kLost ||
                            member->stage == Stage::kAway);
  };
  while (std::any_of(roster_->begin(), roster_->end(), is_linked)) {
    std::optional<CoordinatorEvent> event = mailbox_.PopUntil(deadline);
    if (!event) return;
    auto* fleet_event = std::get_if<FleetEvent>(&*event);
    if (fleet_event == nullptr) continue;
    const std::optional<size_t> index = roster_->IndexOf(fleet_event->link);
    if (!index) continue;
    if (std::holds_alternative<AgentClosed>(fleet_event->news)) roster_->Disconnect(*index);
    // Somebody who was out of reach comes back to a run that is over.
    const auto* said = std::get_if<AgentSaid>(&fleet_event->news);
    if (said != nullptr && said->message.has_resume()) keeper_->Dismiss(*index, "all is recorded");
  }
}

}  // namespace squall
