#include "agent/worker.h"

#include <algorithm>
#include <ev.h>
#include <utility>

#include "agent/curl_transport.h"

namespace squall {

// The thread's event loop and the watchers of its own (a transport has others on the same loop).
struct Worker::Loop {
  Loop(struct ev_loop* created, Worker* worker) : loop(created) {
    ev_async_init(&command, [](struct ev_loop*, ev_async* watcher, int) noexcept {
      static_cast<Worker*>(watcher->data)->TakeCommands();
    });
    ev_timer_init(
        &issue_end,
        [](struct ev_loop*, ev_timer* watcher, int) noexcept {
          auto* self = static_cast<Worker*>(watcher->data);
          self->EndIssuing(self->issue_until_ + self->config_.timeout);
        },
        0, 0);
    ev_timer_init(
        &cut_off,
        [](struct ev_loop*, ev_timer* watcher, int) noexcept {
          static_cast<Worker*>(watcher->data)->CutOff();
        },
        0, 0);
    command.data = issue_end.data = cut_off.data = worker;
    ev_async_start(loop, &command);
  }
  ~Loop() { ev_loop_destroy(loop); }
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
  ev_timer issue_end;
  ev_timer cut_off;
};

Worker::Worker(struct ev_loop* loop, const Config& config, const RequestSource& source,
               SpanQueue& queue, Listener& listener)
    : config_(config),
      source_(source),
      queue_(queue),
      listener_(listener),
      recorder_(config.open_loop),
      loop_(std::make_unique<Loop>(loop, this)),
      slots_(config.concurrency) {
  free_slots_.reserve(config.concurrency);
  for (uint32_t slot = config.concurrency; slot > 0; --slot) free_slots_.push_back(slot - 1);
}

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(const Config& config, const v1::Plan& plan,
                                                       Network& network,
                                                       const RequestSource& source,
                                                       SpanQueue& queue, Listener& listener) {
  struct ev_loop* loop = ev_loop_new(EVFLAG_AUTO);
  if (loop == nullptr) {
    return absl::ResourceExhaustedError(
        "no event loop for a worker: raise the limit of open files, or use fewer --threads");
  }
  std::unique_ptr<Worker> worker(new Worker(loop, config, source, queue, listener));
  auto transport = MakeCurlTransport(
      {plan, network, loop, *worker, config.concurrency, config.first_connection});
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

void Worker::Start() {
  Command([](Commands& commands) { commands.start = true; });
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
  if (taken.start && state_ == State::kWaiting) BeginIssuing(SteadyNow());
  if (taken.stop_deadline != kForever) EndIssuing(taken.stop_deadline);
  Fill();
  if (taken.spare) HandOver(std::move(taken.spare));
}

void Worker::BeginIssuing(Nanos now) {
  state_ = State::kIssuing;
  if (config_.duration == 0) return;
  issue_until_ = now + config_.duration;
  loop_->Arm(loop_->issue_end, issue_until_);
}

void Worker::EndIssuing(Nanos cut_off_at) {
  state_ = State::kEnded;
  idle_noted_ = false;
  ev_timer_stop(loop_->loop, &loop_->issue_end);
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

void Worker::Fill() {
  while (state_ == State::kIssuing && !free_slots_.empty()) {
    const Nanos now = SteadyNow();
    if (now >= issue_until_) {
      EndIssuing(issue_until_ + config_.timeout);
      return;
    }
    uint64_t number = 0;
    if (!NextNumber(number)) break;
    const uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    idle_noted_ = false;
    source_.Url(number, url_);
    slots_[slot] = {.number = number, .intended_start = now, .start = now};
    transport_->Send(slot, now, url_);
  }
  NoteIfIdle();
}

bool Worker::NextNumber(uint64_t& number) {
  if (chunk_.count == 0) {
    const SpanQueue::Drawn drawn = queue_.Draw();
    if (drawn.low) listener_.OnAttention();
    if (drawn.span.count == 0) return false;
    chunk_ = drawn.span;
  }
  number = chunk_.first;
  chunk_.first += chunk_.stride;
  --chunk_.count;
  return true;
}

void Worker::OnOutcome(uint32_t slot, Nanos end, const Outcome& outcome) noexcept {
  Sample& sample = slots_[slot];
  sample.end = end;
  recorder_.Record(sample, outcome);
  free_slots_.push_back(slot);
  Fill();
}

void Worker::OnConnecting(uint32_t address) noexcept { recorder_.RecordConnecting(address); }

// A worker with nothing in flight that can get nothing to send asks, once, to be looked at.
void Worker::NoteIfIdle() {
  if (idle_noted_ || state_ == State::kWaiting || in_flight() != 0) return;
  idle_noted_ = true;
  listener_.OnAttention();
}

uint32_t Worker::in_flight() const {
  return config_.concurrency - static_cast<uint32_t>(free_slots_.size());
}

}  // namespace squall
