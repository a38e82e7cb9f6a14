// A queue of messages from any thread to the one that owns the state.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "common/clock.h"
#include "common/mutex.h"

namespace squall {

template <typename Message>
class Mailbox {
 public:
  void Push(Message message) {
    {
      MutexLock lock(mutex_);
      messages_.push_back(std::move(message));
      if (wake_) wake_();
    }
    arrived_.NotifyOne();
  }

  // For an owner that waits for something else beside messages: `wake` is called for each, by
  // whoever sends it. Null: not any more.
  void WakeBy(std::function<void()> wake) {
    MutexLock lock(mutex_);
    wake_ = std::move(wake);
  }

  bool empty() {
    MutexLock lock(mutex_);
    return messages_.empty();
  }

  // All messages there are, the oldest first; waits for one until `deadline`.
  std::deque<Message> TakeUntil(Nanos deadline) {
    MutexLock lock(mutex_);
    AwaitOne(deadline);
    return std::exchange(messages_, {});
  }

  // The oldest message; waits for one until the steady clock shows `deadline`, then nothing.
  std::optional<Message> PopUntil(Nanos deadline) {
    MutexLock lock(mutex_);
    AwaitOne(deadline);
    if (messages_.empty()) return std::nullopt;
    Message message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }

 private:
  void AwaitOne(Nanos deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (messages_.empty()) {
      if (deadline == kForever) {
        arrived_.Wait(mutex_);
      } else {
        if (SteadyNow() >= deadline) return;
        arrived_.WaitUntil(mutex_, deadline);
      }
    }
  }

  Mutex mutex_;
  CondVar arrived_;
  std::deque<Message> messages_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> wake_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace squall
