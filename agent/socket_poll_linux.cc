// By an epoll set of its own, which the loop watches.
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include <fmt/format.h>

#include "agent/socket_poll.h"

namespace squall {
namespace {

// How many batches are taken in one turn of the loop, which costs a system call too, before its
// other watchers get theirs.
constexpr int kBatchesInARow = 8;
// A batch of fewer events says that there is no hurry.
constexpr int kBusyBatch = 4;

}  // namespace

SocketPoll::SocketPoll(struct ev_loop* loop, AfterBatch after_batch, void* owner)
    : loop_(loop), after_batch_(after_batch), owner_(owner) {
  ev_io_init(&ready_, &OnReady, -1, EV_READ);
  ready_.data = this;
}

SocketPoll::~SocketPoll() {
  if (epoll_ < 0) return;
  ev_io_stop(loop_, &ready_);
  close(epoll_);
}

absl::Status SocketPoll::Open() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) {
    return absl::ResourceExhaustedError(
        fmt::format("no epoll set for a worker: {}", std::strerror(errno)));
  }
  ev_io_set(&ready_, epoll_, EV_READ);
  ev_io_start(loop_, &ready_);
  return absl::OkStatus();
}

void SocketPoll::OnReady(struct ev_loop*, ev_io* watcher, int) noexcept {
  SocketPoll& self = *static_cast<SocketPoll*>(watcher->data);
  for (int batches = 1; self.TakeBatch() >= kBusyBatch && batches < kBatchesInARow; ++batches) {
    self.after_batch_(self.owner_);
  }
}

int SocketPoll::TakeBatch() {
  const int size = epoll_wait(epoll_, batch_.data(), static_cast<int>(batch_.size()), 0);
  batch_size_ = size;
  for (batch_next_ = 0; batch_next_ < batch_size_;) {
    const epoll_event& event = batch_[static_cast<size_t>(batch_next_++)];
    if (event.data.ptr == nullptr) continue;  // forgotten
    Events events;
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    events.read = broken || (event.events & EPOLLIN) != 0;
    events.write = broken || (event.events & EPOLLOUT) != 0;
    events.ended = broken || (event.events & EPOLLRDHUP) != 0;
    static_cast<Watcher*>(event.data.ptr)->OnEvents(events);
  }
  return size;
}

void SocketPoll::Forget(const Watcher& watcher) {
  for (int i = batch_next_; i < batch_size_; ++i) {
    epoll_event& event = batch_[static_cast<size_t>(i)];
    if (event.data.ptr == &watcher) event.data.ptr = nullptr;
  }
}

bool SocketPoll::Watcher::Watch(int socket, bool read, bool write, bool by_edges) {
  epoll_event event{};
  if (read) event.events |= EPOLLIN | EPOLLRDHUP;
  if (write) event.events |= EPOLLOUT;
  if (by_edges) event.events |= EPOLLET;
  event.data.ptr = this;
  const int change = watched_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  watched_ = epoll_ctl(poll_.epoll_, change, socket, &event) == 0;
  return watched_;
}

// Closing the socket takes it out of the set.
void SocketPoll::Watcher::StopWatching() {
  if (!watched_) return;
  watched_ = false;
  poll_.Forget(*this);
}

}  // namespace squall
