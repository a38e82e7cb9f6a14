// A queue of messages from any thread to the one that owns the state.
#pragma once

#include <deque>
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
    }
    arrived_.NotifyOne();
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
};

}  // namespace squall
