#include "controller/allotment.h"

#include <algorithm>
#include <utility>

#include "common/phases.h"
#include "controller/muster.h"
#include "controller/shares.h"

namespace squall {
namespace {

using Stage = Member::Stage;

}  // namespace

Allotment::Allotment(const RunOrder& order, Roster& roster, bool fixed_bounds)
    : order_(order), roster_(roster) {
  const v1::Plan& plan = order.plan;
  if (plan.urls().timed()) times_.emplace(order.list->facts().times());
  const ListedTimes* const times = times_ ? &*times_ : nullptr;
  for (const v1::Phase& phase : plan.phases()) {
    ledgers_.push_back(MakeLedger(phase, plan.seed(), order.times.hold(), times));
  }
  if (!fixed_bounds) shares_.emplace(plan.concurrency());
}

Nanos Allotment::BeginOf(size_t phase) const { return start_ + PhaseBegin(order_.plan, phase); }

void Allotment::Join(size_t index) {
  Member& member = roster_[index];
  const LedgerAgent agent{member.result.concurrency, member.weight};
  for (const auto& ledger : ledgers_) member.ledger_index = ledger->Join(agent);
  if (shares_ && !shares_->Has(index)) {
    shares_->Add(index, member.weight, MostConcurrency(member, order_.plan),
                 member.result.concurrency);
  }
}

bool Allotment::Queue(size_t index) {
  const Member& member = roster_[index];
  if (!shares_) return true;
  if (!shares_->HasRoom()) return false;
  shares_->Add(index, member.weight, MostConcurrency(member, order_.plan), 0);
  return true;
}

void Allotment::Release(size_t index) {
  if (shares_) shares_->Remove(index);
}

void Allotment::ShareBacklog() {
  if (!MeasuredPhase(order_.plan).arrivals().has_max_backlog() || stopped_) return;
  for (size_t index = 0; index < roster_.size(); ++index) {
    if (roster_[index].begun()) Resize(index, roster_[index].result.concurrency);
  }
}

void Allotment::Resize(size_t index, uint32_t share) {
  v1::ControllerMessage message;
  message.mutable_resize()->set_concurrency(share);
  message.mutable_resize()->set_max_backlog(BacklogOf(index));
  roster_[index].Command(std::move(message));
}

void Allotment::Leave(size_t index) {
  for (const auto& ledger : ledgers_) ledger->Leave(roster_[index].ledger_index);
}

void Allotment::Return(size_t index) {
  for (const auto& ledger : ledgers_) ledger->Return(roster_[index].ledger_index);
}

Ledger::Loss Allotment::Lose(size_t index, Nanos fenced) {
  if (shares_) shares_->Remove(index);
  Ledger::Loss loss;
  for (size_t phase = 0; phase < ledgers_.size(); ++phase) {
    loss = ledgers_[phase]->Lose(roster_[index].ledger_index, fenced - BeginOf(phase));
  }
  return loss;
}

// Under a rate the concurrency is only a bound.
bool Allotment::Suffices() const {
  return !shares_ || MeasuredPhase(order_.plan).has_arrivals() || shares_->Suffice();
}

absl::Status Allotment::Close(const Member& member, size_t phase, const Closing& closing,
                              Nanos window) {
  return ledgers_[phase]->Close(member.ledger_index, closing, window);
}

void Allotment::Report(size_t index, uint32_t concurrency) {
  if (shares_) shares_->Report(index, concurrency);
}

std::vector<size_t> Allotment::Settle() {
  std::vector<size_t> ready;
  if (!shares_ || stopped_ || shares_->settled()) return ready;
  for (const auto& [index, share] : shares_->Settle()) {
    Member& member = roster_[index];
    if (std::exchange(member.result.concurrency, share) != share) Resize(index, share);
    if (member.stage == Stage::kReady) {
      ready.push_back(index);
    } else {
      const LedgerAgent agent{std::max(share, 1u), member.weight};
      for (const auto& ledger : ledgers_) ledger->Change(member.ledger_index, agent);
    }
  }
  return ready;
}

uint64_t Allotment::BacklogOf(size_t index) const {
  const uint64_t bound = MeasuredPhase(order_.plan).arrivals().max_backlog();
  if (bound == 0) return 0;
  std::vector<uint32_t> weights;
  for (size_t i = 0; i < roster_.size(); ++i) {
    const Member& member = roster_[i];
    weights.push_back(member.begun() || i == index ? member.weight : 0);
  }
  return ProportionalShares(bound, weights)[index];
}

void Allotment::Grant(size_t index, size_t phase, Nanos now) {
  Member& member = roster_[index];
  if (member.stage != Stage::kRunning || stopped_) return;
  Ledger& ledger = *ledgers_[phase];
  const std::vector<Ledger::Granted> granted =
      ledger.Grant(member.ledger_index, now - BeginOf(phase));
  for (const bool again : {true, false}) {
    v1::ControllerMessage message;
    v1::Grant& grant = *message.mutable_grant();
    for (const Ledger::Granted& part : granted) {
      if (part.again != again) continue;
      v1::Span& span = *grant.add_spans();
      span.set_first(part.span.first);
      span.set_stride(part.span.stride);
      span.set_count(part.span.count);
    }
    if (grant.spans_size() == 0) continue;
    grant.set_phase(static_cast<uint32_t>(phase));
    grant.set_exhausted(ledger.exhausted());
    grant.set_again(again);
    member.Command(std::move(message));
  }
}

void Allotment::GrantFrom(size_t index, size_t phase, Nanos now) {
  const size_t agent = roster_[index].ledger_index;
  const double per_second = ledgers_[phase]->per_second(agent);
  Grant(index, phase, now);
  for (size_t next = phase + 1; next < ledgers_.size(); ++next) {
    ledgers_[next]->Expect(agent, per_second);
    Grant(index, next, now);
  }
}

void Allotment::GrantToAll(Nanos now) {
  for (size_t phase = 0; phase < ledgers_.size(); ++phase) {
    for (size_t index = 0; index < roster_.size(); ++index) Grant(index, phase, now);
  }
}

Nanos Allotment::GrantByTime(Nanos now) {
  bool any = false;
  for (size_t phase = 0; phase < ledgers_.size(); ++phase) {
    if (!order_.plan.phases(static_cast<int>(phase)).has_arrivals()) continue;
    any = true;
    for (size_t index = 0; index < roster_.size(); ++index) Grant(index, phase, now);
  }
  return any && !stopped_ ? now + order_.times.hold() / 8 : kForever;
}

}  // namespace squall
