// One thread of the target: an event loop and the connections that it has accepted.
//
// All threads accept from the one listening socket. SO_REUSEPORT would give each a queue of its
// own, but then a second target at the same port would start without complaint and take half of the
// requests, a few connections would be spread by the chance of a hash, and those hashed to a busy
// thread would wait while another has nothing to do. The price is that all idle threads wake for a
// new connection; per request it costs nothing.
#pragma once

#include <ev.h>
#include <memory>
#include <thread>

#include "target/connection.h"
#include "target/listener.h"

namespace squall::target {

struct LoopDeleter {
  void operator()(struct ev_loop* loop) const { ev_loop_destroy(loop); }
};

class LoopThread {
 public:
  // Starts the thread. `index` counts threads from 0. What is passed must outlive it.
  LoopThread(int index, const Shared& shared, const Descriptor& listener);
  // Ends the thread, closing its connections as they are, and waits for that.
  ~LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

 private:
  static void OnAcceptable(struct ev_loop* loop, ev_io* watcher, int events) noexcept;
  static void OnAcceptAgain(struct ev_loop* loop, ev_timer* watcher, int events) noexcept;
  static void OnTurn(struct ev_loop* loop, ev_async* watcher, int events) noexcept;
  static void OnStop(struct ev_loop* loop, ev_async* watcher, int events) noexcept;
  void Run() noexcept;
  void AcceptSome();
  void PauseAccepting(int error);

  const Descriptor& listener_;
  const std::unique_ptr<struct ev_loop, LoopDeleter> loop_;
  const int most_accepted_at_once_;
  ev_io acceptable_;
  ev_timer accept_again_;
  ev_async turn_;  // somebody's turn to be worked on may have come
  ev_async stop_;
  bool out_of_descriptors_ = false;
  LoopContext context_;
  std::thread thread_;
};

}  // namespace squall::target
