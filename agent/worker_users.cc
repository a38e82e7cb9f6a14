// Numbers that are users: each is a flow of requests, which its script makes one after the other.
//
// Whatever comes is only noted in the transport's calls; users go on before the loop waits.
#include "agent/worker_users.h"

#include <ev.h>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "agent/user_flows.h"
#include "agent/worker.h"
#include "agent/worker_loop.h"

namespace squall {

namespace {

using Want = ScriptUsers::Want;

// So many turns or sends before what has come is read: one that sleeps for no time at all is not
// alone.
constexpr uint32_t kTurnsAtOnce = 256;
// So many begin before the loop turns: what has come is not to wait for all of them.
constexpr uint32_t kUsersATurn = 64;

bool IsByStatus(const Outcome& outcome) {
  return !outcome.judged || *outcome.judged == v1::FAILURE_KIND_NONE ||
         *outcome.judged == v1::FAILURE_KIND_STATUS;
}

// Of a whole answer: a user's list of statuses takes the place of the plan's rule, and of that
// alone.
void JudgeByUser(ScriptUsers::Expected expected, Outcome& outcome) {
  if (expected == ScriptUsers::Expected::kNotSaid || !IsByStatus(outcome)) return;
  const bool fits = expected == ScriptUsers::Expected::kYes;
  outcome.judged = fits ? v1::FAILURE_KIND_NONE : v1::FAILURE_KIND_STATUS;
}

// What a user is told; empty: its request is a success.
std::string ErrorOf(const Outcome& outcome) {
  if (!FlowResult::IsFailure(outcome)) return "";
  const bool answered = outcome.kind == v1::FAILURE_KIND_NONE;
  if (answered && IsByStatus(outcome)) return fmt::format("status {}", outcome.status);
  return fmt::format("{}: {}", FailureName(answered ? *outcome.judged : outcome.kind),
                     outcome.detail);
}

}  // namespace

uint32_t Worker::in_flight() const {
  return users_ == nullptr ? slots_.in_flight() : users_->in_flight();
}

void Worker::FillWithUsers() {
  RunUsers();
  const uint64_t before = users_->begun();
  const bool holds = FillAll(kUsersATurn);
  // Perhaps not all that could.
  if (users_->begun() - before == kUsersATurn) ev_async_send(loop_->loop, &loop_->command);
  if (RunUsers()) ArmUsers();
  if (holds) NoteIfIdle();
}

void Worker::BeginUser(uint32_t user) {
  users_->Begin(user);
  Follow(user, users_->script().Begin(user, slots_.SampleOf(user).number));
}

// All that can go on, and send what they want to; the loop turns in between if they are many.
// False: the lease is over, and they wait until the worker is woken.
bool Worker::RunUsers() {
  for (uint32_t turns = 0; turns < kTurnsAtOnce; ++turns) {
    const Nanos now = SteadyNow();
    if (!lease_.Holds(now)) return false;
    if (const uint32_t user = users_->TakeTurn(); user != UserFlows::kNobody) {
      SendFor(user, now);
      continue;
    }
    const uint32_t user = users_->TakeReady(now);
    if (user == UserFlows::kNobody) return true;
    UserFlows::Flow& flow = users_->Of(user);
    flow.WakeUp(now);
    Follow(user, users_->script().GoOn(user));
  }
  ev_async_send(loop_->loop, &loop_->command);
  return true;
}

void Worker::ArmUsers() {
  if (users_->next() == kForever) {
    ev_timer_stop(loop_->loop, &loop_->users);
  } else if (!ev_is_active(&loop_->users) || users_->next() != users_wake_at_) {
    users_wake_at_ = users_->next();
    loop_->Arm(loop_->users, users_wake_at_);
  }
}

// What a user wants after a turn.
void Worker::Follow(uint32_t user, const ScriptUsers::Turn& turn) {
  ScriptUsers& script = users_->script();
  FlowResult& result = users_->Of(user).result;
  if (!script.failed_check().empty()) result.Fail(v1::FAILURE_KIND_CHECK, script.failed_check());
  switch (turn.want) {
    case Want::kRequest:
      return users_->Wait(user);
    case Want::kSleep:
      return users_->Sleep(user, SteadyNow(), turn.sleep);
    case Want::kError:
      result.Fail(v1::FAILURE_KIND_SCRIPT, script.error());
      return EndUser(user);
    case Want::kEnd:
      return EndUser(user);
  }
}

void Worker::SendFor(uint32_t user, Nanos now) {
  const uint32_t slot = users_->TakeSlot(user);
  UserFlows::Flow& flow = users_->Of(user);
  flow.sent = now;
  flow.light = flight_.IsLight(users_->in_flight());
  flight_.Began(now, users_->in_flight());
  // A script's request is asked for by its user.
  transport_->Send(slot, now, {config_.run_id, user, 0}, url_);
}

void Worker::OnAnswer(uint32_t slot, Nanos end, const Outcome& outcome) {
  const uint32_t user = users_->FreeSlot(slot);
  flight_.Ended(end, users_->in_flight());
  ScriptUsers& script = users_->script();
  UserFlows::Flow& flow = users_->Of(user);
  Outcome step = outcome;
  if (outcome.kind == v1::FAILURE_KIND_NONE) {
    if (flow.light) flight_.AddLight(end - flow.sent - outcome.timings.connecting());
    JudgeByUser(script.Expects(user, outcome.status), step);
  }
  const std::string error = ErrorOf(step);
  const std::string_view name = script.RequestOf(user).step;
  step.detail = flow.result.Add(name, step);
  recorder_.RecordStep(slots_.SampleOf(user), name, end - flow.sent, flow.waited, step);
  if (const absl::Status status = script.Conclude(user, error); !status.ok()) {
    flow.result.Fail(v1::FAILURE_KIND_SCRIPT, std::string(status.message()));
    return EndUser(user);
  }
  users_->Ready(user);
}

void Worker::EndUser(uint32_t user) {
  UserFlows::Flow& flow = users_->Of(user);
  users_->script().Drop(user);
  users_->End(user);
  Sample& sample = slots_.SampleOf(user);
  sample.end = SteadyNow();
  flow.WakeUp(sample.end);  // it may have been cut off
  recorder_.RecordFlow(sample, flow.slept, flow.result.Tell());
  Release(user, sample.end);
}

// At the end of the drain time, when nothing is in flight any more.
void Worker::CutOffUsers() {
  users_->Clear();
  ArmUsers();
  users_->ForEachAlive([this](uint32_t user) {
    users_->Of(user).result.Fail(v1::FAILURE_KIND_CUT_OFF,
                                 "its flow had not ended at the end of the drain time");
    EndUser(user);
  });
}

}  // namespace squall
