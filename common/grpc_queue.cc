#include "common/grpc_queue.h"

#include <utility>

namespace squall {

void GrpcQueue::Begin(std::unique_ptr<grpc::ServerCompletionQueue> queue) {
  queue_ = std::move(queue);
  thread_ = std::thread([this]() noexcept { Run(); });
}

void GrpcQueue::End() {
  if (!thread_.joinable()) return;
  {
    // A server is closed when its connections are. What its streams have still to be told is in the
    // queue, and they answer by operations of their own.
    MutexLock lock(mutex_);
    while (uses_ > 0) unused_.Wait(mutex_);
  }
  queue_->Shutdown();
  thread_.join();
}

void GrpcQueue::Count(int more) {
  MutexLock lock(mutex_);
  uses_ += more;
  if (uses_ == 0) unused_.NotifyAll();
}

void GrpcQueue::Run() noexcept {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    HappensAfter(tag);
    // A copy, as what it does may destroy the tag.
    const std::function<void(bool)> ended = static_cast<const QueueTag*>(tag)->ended_;
    ended(ok);
  }
}

}  // namespace squall
