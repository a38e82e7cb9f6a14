#include "agent/worker.h"

#include <algorithm>
#include <ev.h>
#include <utility>

#include "agent/curl_transport.h"
#include "agent/http1_transport.h"
#include "agent/worker_loop.h"
#include "agent/worker_users.h"
#include "common/event_loop.h"
#include "common/script.h"

namespace squall {

Worker::Worker(struct ev_loop* loop, const Config& config, const RequestSource& source,
               const Lease& lease, std::deque<RunPhase>& phases, Listener& listener)
    : config_(config),
      source_(source),
      lease_(lease),
      phases_(phases),
      last_phase_(phases.size() - 1),
      listener_(listener),
      warm_up_id_(config.run_id + std::string(kWarmUpSuffix)),
      recorder_(OpenLoops(phases), config.named_requests),
      loop_(std::make_unique<Loop>(loop, this)),
      slots_(config.concurrency),
      flight_(config.concurrency),
      wanted_slots_(config.concurrency) {
  if (config.script == nullptr || config.script->users() == nullptr) return;
  users_ = std::make_unique<UserFlows>(*config.script->users(), config.user_requests);
  user_sink_ = std::make_unique<UserSink>(*this);
}

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(
    const Config& config, const v1::Plan& plan, Network& network, const RequestSource& source,
    const Lease& lease, std::deque<RunPhase>& phases, Listener& listener) {
  struct ev_loop* loop = NewEventLoop();
  if (loop == nullptr) {
    return absl::ResourceExhaustedError(
        "no event loop for a worker: raise the limit of open files, or use fewer --threads");
  }
  std::unique_ptr<Worker> worker(new Worker(loop, config, source, lease, phases, listener));
  if (absl::Status status = worker->loop_->pacing->Open(); !status.ok()) return status;
  const bool users = worker->users_ != nullptr;
  Transport::Sink& sink = users ? static_cast<Transport::Sink&>(*worker->user_sink_) : *worker;
  const uint32_t slots = users ? config.user_requests : config.concurrency;
  TransportSetup setup = {plan, network, loop, sink, slots, config.first_connection};
  const bool http1 = plan.transport().kind() == v1::TRANSPORT_KIND_HTTP1;
  const bool of_list = http1 && plan.has_urls() && !source.list()->has_words();
  if (source.renders() || of_list) setup.source = &source;
  setup.script = config.script;
  worker->url_differs_ = setup.source == nullptr && plan.has_urls();
  if (!plan.has_urls()) source.Url(0, worker->url_);
  auto transport = http1 ? MakeHttp1Transport(setup) : MakeCurlTransport(setup);
  if (!transport.ok()) return transport.status();
  worker->transport_ = *std::move(transport);
  worker->thread_ =
      std::thread([worker = worker.get()]() noexcept { worker->loop_->Run(worker->pulse_); });
  return worker;
}

Worker::~Worker() {
  Quit();
  Join();
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

template <typename Change>
void Worker::Command(Change change) {
  {
    MutexLock lock(mutex_);
    change(commands_);
  }
  ev_async_send(loop_->loop, &loop_->command);
}

void Worker::Start(Nanos at) {
  Command([at](Commands& commands) { commands.start_at = at; });
}

void Worker::SetSlots(uint32_t slots) {
  Command([slots](Commands& commands) { commands.slots = slots; });
}

void Worker::Wake() {
  Command([](Commands&) {});
}

void Worker::DrawAnew() {
  Command([](Commands& commands) { commands.draw_anew = true; });
}

void Worker::RequestSnapshot(std::unique_ptr<Interval> spare) {
  Command([&spare](Commands& commands) { commands.spare = std::move(spare); });
}

void Worker::Stop(Nanos deadline) {
  Command([deadline](Commands& commands) {
    commands.stop_deadline = std::min(commands.stop_deadline, deadline);
  });
}

void Worker::Quit() {
  Command([](Commands& commands) { commands.quit = true; });
}

void Worker::TakeCommands() noexcept {
  Commands taken;
  {
    MutexLock lock(mutex_);
    taken = std::exchange(commands_, Commands{});
  }
  if (taken.quit) {
    state_ = State::kEnded;
    transport_->CutOff();
    if (users_ != nullptr) users_->Clear();
    ev_break(loop_->loop, EVBREAK_ALL);
    return;
  }
  if (taken.slots && !stopped_) wanted_slots_ = *taken.slots;
  if (wanted_slots_ != slots_.limit()) Resize();
  if (taken.draw_anew && state_ == State::kIssuing && in_hand() != 0) {
    const bool none_to_spare = slots_.room() == in_hand();
    PutBackHand(0);
    ReserveAnew(none_to_spare);
  }
  if (taken.start_at != kForever && state_ == State::kWaiting) {
    state_ = State::kStarting;
    started_at_ = taken.start_at;
    Begin();
  }
  if (taken.stop_deadline != kForever) EndIssuing(taken.stop_deadline);
  if (taken.spare) HandOver(std::move(taken.spare));
}

// The loop has been woken at the time that was asked for.
void Worker::OnTime() {
  if (state_ == State::kStarting) Begin();
  Fill();
}

// Begins in the phase that is going on, as soon as there is one.
void Worker::Begin() {
  const Nanos now = SteadyNow();
  if (now < started_at_) return loop_->pacing->Arm(started_at_);
  state_ = State::kIssuing;
  for (phase_ = 0; phases_[phase_].IsOver(now - started_at_); ++phase_) {
    const RunPhase& over = phases_[phase_];
    // For whoever granted numbers of it.
    if (over.open_loop()) phases_[phase_].arrivals->Finish(over.end - over.begin);
    if (phase_ + 1 == phases_.size()) return EndIssuing(started_at_ + over.end + config_.drain);
  }
  if (phases_[phase_].open_loop()) began_ = now;
  BeginPhase(phase_);
}

void Worker::BeginPhase(uint32_t phase) {
  const Nanos now = SteadyNow();
  recorder_.RecordFlight(phase_, flight_.Take(now, in_flight()));
  // Users that think are not in flight.
  flight_.BeginPhase(now, in_flight(), !phases_[phase].open_loop() && users_ == nullptr);
  phase_ = phase;
  tag_.run = phase == last_phase_ ? config_.run_id : warm_up_id_;
  hand_.clear();
  hand_next_ = 0;
  idle_noted_ = false;
  if (lease_.Holds(now)) paused_since_ = 0;
  const Nanos end = phases_[phase].end;
  phase_end_ = end == kForever ? kForever : started_at_ + end;
  if (end == kForever) {
    ev_timer_stop(loop_->loop, &loop_->phase_end);
  } else {
    loop_->Arm(loop_->phase_end, phase_end_);
  }
  // The phase before may still have them all.
  if (phases_[phase].open_loop() && slots_.room() == 0) DrawArrivals(now);
}

// What is in flight goes on; numbers that were drawn and not issued never are.
void Worker::EndPhase() {
  if (phases_[phase_].open_loop()) IssueRest(SteadyNow());
  GiveBack(phase_end_);
  if (phase_ + 1 < phases_.size()) {
    BeginPhase(phase_ + 1);
  } else {
    EndIssuing(phase_end_ + config_.drain);
  }
}

void Worker::EndIssuing(Nanos cut_off_at) {
  if (state_ == State::kIssuing) GiveBack(SteadyNow());
  loop_->pacing->Disarm();
  state_ = State::kEnded;
  idle_noted_ = resting_ = false;
  ev_timer_stop(loop_->loop, &loop_->phase_end);
  cut_off_at_ = std::min(cut_off_at_, cut_off_at);
  if (slots_.in_flight() != 0) loop_->Arm(loop_->cut_off, cut_off_at_);
  NoteIfIdle();
}

void Worker::CutOff() {
  transport_->CutOff();
  if (users_ != nullptr) CutOffUsers();
  NoteIfIdle();
}

void Worker::HandOver(std::unique_ptr<Interval> spare) {
  recorder_.RecordFlight(phase_, flight_.Take(SteadyNow(), in_flight()));
  recorder_.Swap(*spare);
  transport_->Look(spare->connections);
  const bool finished = state_ == State::kEnded && slots_.in_flight() == 0;
  listener_.OnSwapped({config_.index, std::move(spare), finished, began_,
                       std::max(slots_.limit(), slots_.in_flight()), status_, stopped_});
}

// After a batch of outcomes, and once before the loop waits. With http1 a batch is all that has
// come: answers are timed before the next requests are sent, and each of the two paths through the
// kernel stays in the core's cache.
void Worker::Fill() {
  if (users_ != nullptr) return FillWithUsers();
  if (FillAll(UINT32_MAX)) NoteIfIdle();
}

// So many at most. False: the lease is over.
bool Worker::FillAll(uint32_t most) {
  for (; state_ == State::kIssuing && slots_.room() != 0 && most != 0; --most) {
    if (config_.script != nullptr && IsStoppedByScript()) break;
    const Nanos now = SteadyNow();
    if (now >= phase_end_) {
      EndPhase();
    } else if (!lease_.Holds(now)) {
      if (paused_since_ == 0) paused_since_ = now;
      return false;  // with what is drawn, until woken
    } else if (!FillOnce(now)) {
      break;
    }
  }
  return true;
}

// Issues the next number, if there is one and its time has come.
bool Worker::FillOnce(Nanos now) {
  if (!phases_[phase_].open_loop()) {
    if (config_.script != nullptr && !IsRested(now)) return false;
    if (chunk_.count == 0 && !DrawNumbers()) return false;
    if (rests_.count() != 0) rests_.Remove();
    const uint64_t number = chunk_.first;
    chunk_.first += chunk_.stride;
    --chunk_.count;
    Issue({.phase = phase_, .number = number, .intended_start = now, .start = now});
    if (began_ == 0) began_ = SteadyNow();  // it is on its way
    return true;
  }
  if (in_hand() == 0 && !DrawArrivals(now)) return false;
  const Nanos due = phase_begin() + hand_[hand_next_].not_before;
  if (due > now) {
    loop_->pacing->Arm(std::min(due, phase_end_));
    return false;
  }
  IssueNext(now);
  return true;
}

bool Worker::DrawNumbers() {
  const SpanQueue::Drawn drawn = phases_[phase_].numbers.Draw();
  if (drawn.low) listener_.OnAttention();
  chunk_ = drawn.span;
  phases_[phase_].drawn.fetch_add(chunk_.count, std::memory_order_relaxed);
  return chunk_.count != 0;
}

bool Worker::DrawArrivals(Nanos now) {
  hand_.clear();
  hand_next_ = 0;
  if (paused_since_ != 0) {
    const Nanos since = std::exchange(paused_since_, 0);
    phases_[phase_].arrivals->Paused(since - phase_begin(), now - phase_begin());
  }
  const ArrivalQueue::Waited waited =
      phases_[phase_].arrivals->Draw(config_.index, slots_.room(), now - phase_begin(), hand_);
  recorder_.RecordWaiting(phase_, waited.all, waited.beside_free);
  drawn_waited_ = waited.all != 0;
  phases_[phase_].drawn.fetch_add(hand_.size(), std::memory_order_relaxed);
  return !hand_.empty();
}

// At the end of a phase: what fell due while a connection was free is issued, however late this
// thread comes; what had to wait for one is not.
void Worker::IssueRest(Nanos now) {
  while (slots_.room() != 0) {
    const Nanos start = SteadyNow();
    if (!lease_.Holds(start)) return;
    if (in_hand() == 0 && (!DrawArrivals(now) || drawn_waited_)) return;
    if (phase_begin() + hand_[hand_next_].not_before > start) return;  // beyond the owner's rate
    IssueNext(start);
  }
}

// What was drawn and not issued, at the end of its phase.
void Worker::GiveBack(Nanos now) {
  loop_->pacing->Disarm();
  chunk_ = {};
  ArrivalQueue* arrivals = phases_[phase_].open_loop() ? &*phases_[phase_].arrivals : nullptr;
  if (arrivals == nullptr) return;
  arrivals->Finish(now - phase_begin());
  PutBackHand(0);
}

// All but the first `kept` in hand.
void Worker::PutBackHand(size_t kept) {
  for (const bool again : {false, true}) {
    std::vector<Span> spans;
    for (size_t i = hand_next_ + kept; i < hand_.size(); ++i) {
      if (hand_[i].again == again) spans.push_back({hand_[i].number, 1, 1});
    }
    phases_[phase_].arrivals->Add(spans, again);
  }
  hand_.resize(hand_next_ + kept);
}

void Worker::IssueNext(Nanos now) {
  const ArrivalQueue::Arrival& next = hand_[hand_next_++];
  Issue({.phase = phase_,
         .number = next.number,
         .intended_start = phase_begin() + next.due,
         .start = now,
         .again = next.again});
}

void Worker::Issue(Sample sample) {
  sample.request =
      url_differs_ ? source_.Url(sample.number, url_) : source_.RequestOf(sample.number);
  const uint32_t slot = slots_.Take(sample);
  idle_noted_ = false;
  if (users_ != nullptr) return BeginUser(slot);
  slots_.SampleOf(slot).light = flight_.IsLight(slots_.in_flight());
  flight_.Began(sample.start, slots_.in_flight());
  tag_.number = sample.number;
  tag_.request = sample.request;
  transport_->Send(slot, sample.start, tag_, url_);
}

void Worker::OnOutcome(uint32_t slot, Nanos end, const Outcome& outcome) noexcept {
  Sample& sample = slots_.SampleOf(slot);
  sample.end = end;
  recorder_.Record(sample, outcome);
  if (sample.light && outcome.kind == v1::FAILURE_KIND_NONE) {
    flight_.AddLight(end - sample.start - outcome.timings.connecting());
  }
  Release(slot, end);
  flight_.Ended(end, slots_.in_flight());
}

// A worker with nothing in flight that can get nothing to send asks, once, to be looked at.
void Worker::NoteIfIdle() {
  if (idle_noted_ || slots_.in_flight() != 0 || in_hand() != 0 || resting_) return;
  if (state_ != State::kEnded && (state_ != State::kIssuing || slots_.limit() == 0)) return;
  idle_noted_ = true;
  listener_.OnAttention();
}

}  // namespace squall
