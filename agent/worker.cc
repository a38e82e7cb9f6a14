#include "agent/worker.h"

#include <algorithm>
#include <ev.h>
#include <optional>
#include <utility>

#include "agent/curl_transport.h"
#include "agent/http1_transport.h"
#include "agent/pacing_timer.h"

namespace squall {
namespace {

std::vector<bool> OpenLoops(const std::deque<RunPhase>& phases) {
  std::vector<bool> open_loops;
  for (const RunPhase& phase : phases) open_loops.push_back(phase.open_loop());
  return open_loops;
}

}  // namespace

// The thread's event loop and the watchers of its own (a transport has others on the same loop).
struct Worker::Loop {
  Loop(struct ev_loop* created, Worker* worker) : loop(created) {
    pacing.emplace(
        created, [](void* owner) noexcept { static_cast<Worker*>(owner)->Fill(); }, worker);
    ev_async_init(&command, [](struct ev_loop*, ev_async* watcher, int) noexcept {
      static_cast<Worker*>(watcher->data)->TakeCommands();
    });
    ev_timer_init(
        &phase_end,
        [](struct ev_loop*, ev_timer* watcher, int) noexcept {
          auto* self = static_cast<Worker*>(watcher->data);
          const Nanos now = SteadyNow();
          if (now < self->phase_end_) {  // by less than the loop can tell
            self->loop_->Arm(*watcher, self->phase_end_);
          } else {
            self->EndPhase();
          }
        },
        0, 0);
    ev_timer_init(
        &cut_off,
        [](struct ev_loop*, ev_timer* watcher, int) noexcept {
          static_cast<Worker*>(watcher->data)->CutOff();
        },
        0, 0);
    ev_prepare_init(&before_waiting, [](struct ev_loop*, ev_prepare* watcher, int) noexcept {
      static_cast<Worker*>(watcher->data)->Fill();
    });
    command.data = phase_end.data = cut_off.data = before_waiting.data = worker;
    ev_async_start(loop, &command);
    ev_prepare_start(loop, &before_waiting);
  }
  ~Loop() {
    pacing.reset();
    ev_loop_destroy(loop);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // (Re)arms a one-shot timer for a time on the steady clock.
  void Arm(ev_timer& timer, Nanos at) {
    ev_now_update(loop);
    ev_timer_stop(loop, &timer);
    const Nanos delay = at - SteadyNow();
    ev_timer_set(&timer, delay > 0 ? static_cast<double>(delay) * 1e-9 : 0.0, 0.0);
    ev_timer_start(loop, &timer);
  }

  struct ev_loop* const loop;
  ev_async command;
  ev_timer phase_end;
  ev_timer cut_off;
  ev_prepare before_waiting;
  std::optional<PacingTimer> pacing;  // gone before the loop
};

Worker::Worker(struct ev_loop* loop, const Config& config, const RequestSource& source,
               std::deque<RunPhase>& phases, Listener& listener)
    : config_(config),
      source_(source),
      phases_(phases),
      listener_(listener),
      recorder_(OpenLoops(phases)),
      loop_(std::make_unique<Loop>(loop, this)),
      slots_(config.concurrency) {
  free_slots_.reserve(config.concurrency);
  for (uint32_t slot = config.concurrency; slot > 0; --slot) free_slots_.push_back(slot - 1);
}

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(const Config& config, const v1::Plan& plan,
                                                       Network& network,
                                                       const RequestSource& source,
                                                       std::deque<RunPhase>& phases,
                                                       Listener& listener) {
  struct ev_loop* loop = ev_loop_new(EVFLAG_AUTO);
  if (loop == nullptr) {
    return absl::ResourceExhaustedError(
        "no event loop for a worker: raise the limit of open files, or use fewer --threads");
  }
  std::unique_ptr<Worker> worker(new Worker(loop, config, source, phases, listener));
  if (absl::Status status = worker->loop_->pacing->Open(); !status.ok()) return status;
  const TransportSetup setup = {
      plan, network, loop, *worker, config.concurrency, config.first_connection};
  const bool http1 = plan.transport().kind() == v1::TRANSPORT_KIND_HTTP1;
  auto transport = http1 ? MakeHttp1Transport(setup) : MakeCurlTransport(setup);
  if (!transport.ok()) return transport.status();
  worker->transport_ = *std::move(transport);
  worker->thread_ = std::thread([loop]() noexcept { ev_run(loop, 0); });
  return worker;
}

Worker::~Worker() {
  if (!thread_.joinable()) return;
  Quit();
  thread_.join();
}

template <typename Change>
void Worker::Command(Change change) {
  {
    MutexLock lock(mutex_);
    change(commands_);
  }
  ev_async_send(loop_->loop, &loop_->command);
}

void Worker::Start(Nanos now) {
  Command([now](Commands& commands) { commands.start_at = now; });
}

void Worker::Wake() {
  Command([](Commands&) {});
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
    ev_break(loop_->loop, EVBREAK_ALL);
    return;
  }
  if (taken.start_at != kForever && state_ == State::kWaiting) {
    state_ = State::kIssuing;
    started_at_ = taken.start_at;
    BeginPhase(0);
  }
  if (taken.stop_deadline != kForever) EndIssuing(taken.stop_deadline);
  if (taken.spare) HandOver(std::move(taken.spare));
}

void Worker::BeginPhase(uint32_t phase) {
  phase_ = phase;
  hand_.clear();
  hand_next_ = 0;
  idle_noted_ = false;
  const Nanos end = phases_[phase].end;
  phase_end_ = end == kForever ? kForever : started_at_ + end;
  if (end == kForever) {
    ev_timer_stop(loop_->loop, &loop_->phase_end);
  } else {
    loop_->Arm(loop_->phase_end, phase_end_);
  }
  // The phase before may still have them all.
  if (phases_[phase].open_loop() && free_slots_.empty()) DrawArrivals(SteadyNow());
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
  state_ = State::kEnded;
  idle_noted_ = false;
  ev_timer_stop(loop_->loop, &loop_->phase_end);
  cut_off_at_ = std::min(cut_off_at_, cut_off_at);
  if (in_flight() != 0) loop_->Arm(loop_->cut_off, cut_off_at_);
  NoteIfIdle();
}

void Worker::CutOff() {
  transport_->CutOff();
  NoteIfIdle();
}

void Worker::HandOver(std::unique_ptr<Interval> spare) {
  recorder_.Swap(*spare);
  const bool finished = state_ == State::kEnded && in_flight() == 0;
  listener_.OnSwapped({config_.index, std::move(spare), finished});
}

// After a batch of outcomes, and once before the loop waits. With http1 a batch is all that has
// come: answers are timed before the next requests are sent, and each of the two paths through the
// kernel stays in the core's cache.
void Worker::Fill() {
  while (state_ == State::kIssuing && !free_slots_.empty()) {
    const Nanos now = SteadyNow();
    if (now >= phase_end_) {
      EndPhase();
    } else if (!FillOnce(now)) {
      break;
    }
  }
  NoteIfIdle();
}

// Issues the next number, if there is one and its time has come.
bool Worker::FillOnce(Nanos now) {
  if (!phases_[phase_].open_loop()) {
    if (chunk_.count == 0 && !DrawNumbers()) return false;
    const uint64_t number = chunk_.first;
    chunk_.first += chunk_.stride;
    --chunk_.count;
    Issue(number, now, now);
    return true;
  }
  if (in_hand() == 0 && !DrawArrivals(now)) return false;
  const ArrivalQueue::Arrival next = hand_[hand_next_];
  const Nanos due = phase_begin() + next.due;
  if (due > now) {
    loop_->pacing->Arm(std::min(due, phase_end_));
    return false;
  }
  ++hand_next_;
  Issue(next.number, due, now);
  return true;
}

bool Worker::DrawNumbers() {
  const SpanQueue::Drawn drawn = phases_[phase_].numbers.Draw();
  if (drawn.low) listener_.OnAttention();
  chunk_ = drawn.span;
  return chunk_.count != 0;
}

bool Worker::DrawArrivals(Nanos now) {
  hand_.clear();
  hand_next_ = 0;
  const ArrivalQueue::Waited waited =
      phases_[phase_].arrivals->Draw(config_.index, free_slots_.size(), now - phase_begin(), hand_);
  recorder_.RecordWaiting(phase_, waited.all, waited.beside_free);
  drawn_waited_ = waited.all != 0;
  return !hand_.empty();
}

// At the end of a phase: what fell due while a connection was free is issued, however late this
// thread comes; what had to wait for one is not.
void Worker::IssueRest(Nanos now) {
  while (!free_slots_.empty()) {
    if (in_hand() == 0 && (!DrawArrivals(now) || drawn_waited_)) return;
    const ArrivalQueue::Arrival next = hand_[hand_next_++];
    Issue(next.number, phase_begin() + next.due, SteadyNow());
  }
}

// What was drawn and not issued, at the end of its phase.
void Worker::GiveBack(Nanos now) {
  loop_->pacing->Disarm();
  chunk_ = {};
  ArrivalQueue* arrivals = phases_[phase_].open_loop() ? &*phases_[phase_].arrivals : nullptr;
  if (arrivals == nullptr) return;
  arrivals->Finish(now - phase_begin());
  std::vector<Span> spans;
  for (; in_hand() != 0; ++hand_next_) spans.push_back({hand_[hand_next_].number, 1, 1});
  arrivals->Add(spans);
}

void Worker::Issue(uint64_t number, Nanos due, Nanos now) {
  const uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  idle_noted_ = false;
  source_.Url(number, url_);
  slots_[slot] = {.phase = phase_, .number = number, .intended_start = due, .start = now};
  transport_->Send(slot, now, url_);
}

void Worker::OnOutcome(uint32_t slot, Nanos end, const Outcome& outcome) noexcept {
  Sample& sample = slots_[slot];
  sample.end = end;
  recorder_.Record(sample, outcome);
  // It has just become free for more than it holds, and draws when all that has come is read.
  if (state_ == State::kIssuing && phases_[phase_].open_loop() && free_slots_.size() == in_hand()) {
    phases_[phase_].arrivals->Freed(config_.index, end - phase_begin());
  }
  free_slots_.push_back(slot);
}

void Worker::OnConnecting(uint32_t address) noexcept {
  recorder_.RecordConnecting(phase_, address);
}

// A worker with nothing in flight that can get nothing to send asks, once, to be looked at.
void Worker::NoteIfIdle() {
  if (idle_noted_ || state_ == State::kWaiting || in_flight() != 0 || in_hand() != 0) return;
  idle_noted_ = true;
  listener_.OnAttention();
}

uint32_t Worker::in_flight() const {
  return config_.concurrency - static_cast<uint32_t>(free_slots_.size());
}

}  // namespace squall
