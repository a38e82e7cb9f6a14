#include "common/grpc_queue.h"

#include <algorithm>
#include <utility>

#include <grpc/support/time.h>

#include "common/check.h"

namespace squall {
namespace {

// By gRPC's clock that cannot be set; gRPC rounds it up to milliseconds.
gpr_timespec In(Nanos wait) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(wait, GPR_TIMESPAN));
}

}  // namespace

void GrpcQueue::Begin(std::unique_ptr<grpc::ServerCompletionQueue> queue) {
  queue_ = std::move(queue);
  thread_ = std::thread([this]() noexcept { Run(); });
}

void GrpcQueue::TakeOver() {
  SQUALL_CHECK(thread_.joinable());
  resting_ = true;
  Wake();
  thread_.join();
  resting_ = false;
  looker_ = std::this_thread::get_id();
}

void GrpcQueue::GiveBack() {
  looker_ = std::thread::id();
  thread_ = std::thread([this]() noexcept { Run(); });
}

bool GrpcQueue::Look(Nanos deadline) {
  void* tag = nullptr;
  bool ok = false;
  const Nanos wait = std::clamp<Nanos>(deadline - SteadyNow(), 0, kSecond);
  if (queue_->AsyncNext(&tag, &ok, In(wait)) != grpc::CompletionQueue::GOT_EVENT) return false;
  React(tag, ok);
  return true;
}

void GrpcQueue::Wake() {
  if (looker_ == std::this_thread::get_id() || waking_.exchange(true)) return;
  // In the past, which needs no timer: gRPC's wait by the wall clock, which may be set.
  alarm_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), on_wake_.ForOperation());
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
  while (!resting_ && queue_->Next(&tag, &ok)) React(tag, ok);
}

void GrpcQueue::React(void* tag, bool ok) {
  HappensAfter(tag);
  // A copy, as what it does may destroy the tag.
  const std::function<void(bool)> ended = static_cast<const QueueTag*>(tag)->ended_;
  ended(ok);
}

}  // namespace squall
