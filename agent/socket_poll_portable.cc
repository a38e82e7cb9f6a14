// By the loop's own watchers, one a socket.
#include "agent/socket_poll.h"

namespace squall {

SocketPoll::SocketPoll(struct ev_loop* loop, AfterBatch after_batch, void* owner)
    : loop_(loop), after_batch_(after_batch), owner_(owner) {}

SocketPoll::~SocketPoll() = default;

absl::Status SocketPoll::Open() { return absl::OkStatus(); }

bool SocketPoll::Watcher::Watch(int socket, bool read, bool write, bool) {
  ev_io_stop(poll_.loop_, &io_);
  ev_io_init(&io_, &OnIo, socket, (read ? EV_READ : 0) | (write ? EV_WRITE : 0));
  io_.data = this;
  ev_io_start(poll_.loop_, &io_);
  return true;
}

void SocketPoll::Watcher::StopWatching() { ev_io_stop(poll_.loop_, &io_); }

void SocketPoll::Watcher::OnIo(struct ev_loop*, ev_io* watcher, int events) noexcept {
  static_cast<Watcher*>(watcher->data)
      ->OnEvents({.read = (events & EV_READ) != 0, .write = (events & EV_WRITE) != 0});
}

}  // namespace squall
