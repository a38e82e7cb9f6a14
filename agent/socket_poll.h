// Tells a worker's connections when their sockets can be read from or written to, on its loop.
//
// On Linux the sockets are in an epoll set of their own, which the loop watches. Thus they can be
// watched by edges: the kernel does not look at every socket a second time to find that it has
// been read, and an event goes straight to its connection. Elsewhere libev watches them. Belongs to
// the loop's thread.
#pragma once

#include <ev.h>

#if defined(__linux__) && !defined(SQUALL_PORTABLE)
#include <array>

#include <sys/epoll.h>
#endif

#include "absl/status/status.h"

namespace squall {

class SocketPoll {
 public:
  // Called after a batch of events, before more are taken in the same turn of the loop.
  using AfterBatch = void (*)(void* owner) noexcept;

  SocketPoll(struct ev_loop* loop, AfterBatch after_batch, void* owner);
  ~SocketPoll();
  SocketPoll(const SocketPoll&) = delete;
  SocketPoll& operator=(const SocketPoll&) = delete;

  // RESOURCE_EXHAUSTED where the system has no descriptor to give. Before the first Watch().
  absl::Status Open();

  struct Events {
    bool read = false;
    bool write = false;
    bool ended = false;  // the peer will send nothing more: what is left can be read to its end
  };

  // One socket. Gone or stopped before the SocketPoll.
  class Watcher {
   public:
    explicit Watcher(SocketPoll& poll) : poll_(poll) {}
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    virtual void OnEvents(Events events) noexcept = 0;

   protected:
    ~Watcher() = default;

    // Replaces what was watched for before, and looks anew. With `by_edges` an event may be told
    // only once: the owner reads until there is nothing left, or calls this again. False, with
    // errno set: the system watches no more sockets (never of one that is watched already).
    bool Watch(int socket, bool read, bool write, bool by_edges);
    // Before the socket is closed. No event comes afterwards.
    void StopWatching();

   private:
    SocketPoll& poll_;
#if defined(__linux__) && !defined(SQUALL_PORTABLE)
    bool watched_ = false;
#else
    static void OnIo(struct ev_loop* loop, ev_io* watcher, int events) noexcept;
    ev_io io_{};
#endif
  };

 private:
  struct ev_loop* const loop_;
  [[maybe_unused]] const AfterBatch after_batch_;  // libev makes no batches
  [[maybe_unused]] void* const owner_;
#if defined(__linux__) && !defined(SQUALL_PORTABLE)
  static void OnReady(struct ev_loop* loop, ev_io* watcher, int events) noexcept;
  int TakeBatch();
  void Forget(const Watcher& watcher);

  int epoll_ = -1;
  ev_io ready_;
  int batch_size_ = 0;
  int batch_next_ = 0;  // of its events that are still to be told, the first
  std::array<epoll_event, 256> batch_;
#endif
};

}  // namespace squall
