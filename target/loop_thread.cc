#include "target/loop_thread.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <spdlog/spdlog.h>

#include "common/event_loop.h"

namespace squall::target {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;
constexpr ev_tstamp kAcceptAgainSeconds = 0.1;

// Several threads take few at a time, so that a burst of connections is shared out among them.
int MostAcceptedAtOnce(int threads) { return threads == 1 ? 64 : 2; }

}  // namespace

LoopThread::LoopThread(int index, const Shared& shared, const Descriptor& listener)
    : listener_(listener),
      loop_(NewEventLoop()),
      most_accepted_at_once_(MostAcceptedAtOnce(shared.options.threads)),
      context_{shared,
               loop_.get(),
               &turn_,
               index,
               shared.tally.OfThread(index),
               std::mt19937_64(static_cast<uint64_t>(index)),
               std::vector<char>(kBufferBytes),
               {}} {
  ev_io_init(&acceptable_, &LoopThread::OnAcceptable, listener_.number(), EV_READ);
  ev_timer_init(&accept_again_, &LoopThread::OnAcceptAgain, kAcceptAgainSeconds, 0.);
  ev_async_init(&turn_, &LoopThread::OnTurn);
  ev_async_init(&stop_, &LoopThread::OnStop);
  acceptable_.data = accept_again_.data = turn_.data = this;
  ev_io_start(loop_.get(), &acceptable_);
  ev_async_start(loop_.get(), &turn_);
  ev_async_start(loop_.get(), &stop_);
  thread_ = std::thread(&LoopThread::Run, this);
}

LoopThread::~LoopThread() {
  ev_async_send(loop_.get(), &stop_);
  thread_.join();
}

void LoopThread::Run() noexcept {
  ev_run(loop_.get(), 0);
  context_.connections.clear();
}

void LoopThread::OnTurn(struct ev_loop*, ev_async* watcher, int) noexcept {
  LoopContext& context = static_cast<LoopThread*>(watcher->data)->context_;
  while (Connection* next = context.workers->Next(context.loop_to_wake())) next->OnTurn();
}

void LoopThread::OnStop(struct ev_loop* loop, ev_async*, int) noexcept {
  ev_break(loop, EVBREAK_ALL);
}

void LoopThread::OnAcceptable(struct ev_loop*, ev_io* watcher, int) noexcept {
  static_cast<LoopThread*>(watcher->data)->AcceptSome();
}

void LoopThread::OnAcceptAgain(struct ev_loop* loop, ev_timer* watcher, int) noexcept {
  ev_io_start(loop, &static_cast<LoopThread*>(watcher->data)->acceptable_);
}

void LoopThread::AcceptSome() {
  for (int i = 0; i < most_accepted_at_once_; ++i) {
    Accepted accepted = Accept(listener_);
    if (!accepted.descriptor.valid()) {
      const int error = errno;
      if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
        PauseAccepting(error);
      }
      return;
    }
    out_of_descriptors_ = false;
    const auto number = static_cast<size_t>(accepted.descriptor.number());
    if (number >= context_.connections.size()) context_.connections.resize(number + 1);
    context_.connections[number] = std::make_unique<Connection>(context_, std::move(accepted));
  }
}

// The connection that could not be accepted keeps the listening socket readable: watching it would
// spin until a descriptor is free.
void LoopThread::PauseAccepting(int error) {
  if (!out_of_descriptors_) {
    spdlog::warn(
        "event=accept_paused error=\"{}\" way_out=\"raise the limit on open files (ulimit -n)\"",
        std::strerror(error));
  }
  out_of_descriptors_ = true;
  ev_io_stop(loop_.get(), &acceptable_);
  ev_timer_set(&accept_again_, kAcceptAgainSeconds, 0.);
  ev_timer_start(loop_.get(), &accept_again_);
}

}  // namespace squall::target
