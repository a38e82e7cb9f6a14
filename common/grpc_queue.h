// A completion queue of gRPC's and the one thread that looks at it, for a server of thousands of
// streams: gRPC's callbacks come on threads that wake each other for each message (docs/adr/0014).
//
// Whoever looks reads what the queue's connections have, and all that follows is done there.
// Another thread may look in the place of the queue's own for a while.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include "common/clock.h"
#include "common/mutex.h"
#include "common/tsan.h"

namespace squall {

// What follows when an operation of gRPC's has ended, well (`ok`) or not. Must not block.
class QueueTag {
 public:
  explicit QueueTag(std::function<void(bool ok)> ended) : ended_(std::move(ended)) {}
  QueueTag(const QueueTag&) = delete;
  QueueTag& operator=(const QueueTag&) = delete;

  // For an operation that is begun now. Until it has ended this stays where it is.
  void* ForOperation() {
    HappensBefore(this);
    return this;
  }

 private:
  friend class GrpcQueue;
  const std::function<void(bool ok)> ended_;
};

class GrpcQueue {
 public:
  GrpcQueue() = default;
  // Ended, or never begun.
  ~GrpcQueue() { End(); }

  // Once, and before anything is asked of its server.
  void Begin(std::unique_ptr<grpc::ServerCompletionQueue> queue);

  // From now on this thread looks at it, by Look(), until it calls GiveBack().
  void TakeOver();
  void GiveBack();
  // Waits for something to end, until `deadline` or Wake(), and does what follows. False: nothing
  // ended.
  bool Look(Nanos deadline);
  // Any thread; nothing where the thread that looks does it.
  void Wake();

  // Waits until nobody uses it any more, which must come to pass by itself: the server was closed,
  // or there was none. Idempotent.
  void End();

  // Of whoever begins operations: they may be begun as long as this is there.
  class Use {
   public:
    explicit Use(GrpcQueue& queue) : queue_(queue) { queue_.Count(1); }
    ~Use() { queue_.Count(-1); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    GrpcQueue& queue_;
  };

  grpc::ServerCompletionQueue* get() const { return queue_.get(); }

 private:
  void Run() noexcept;
  void React(void* tag, bool ok);
  void Count(int more);

  Mutex mutex_;
  CondVar unused_;
  int uses_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::atomic<bool> waking_ = false;
  QueueTag on_wake_{[this](bool) { waking_ = false; }};
  grpc::Alarm alarm_;
  std::atomic<bool> resting_ = false;  // the queue's own thread
  std::atomic<std::thread::id> looker_;
  std::thread thread_;
};

}  // namespace squall
