// Messages that wait for a stream which takes one at a time.
//
// Thread-safe. It only keeps the order and says what to do next, so that no lock is held while the
// stream is called. A pointer it hands out stays valid until Written().
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "common/mutex.h"

namespace squall {

template <typename Message>
class WriteQueue {
 public:
  // What the caller must do to the stream now: write `message` if there is one; otherwise end it if
  // `finish`; otherwise nothing.
  struct Next {
    const Message* message = nullptr;
    bool finish = false;
  };

  // Dropped in silence once the queue is closed or broken: the other side no longer listens.
  Next Push(Message message, size_t bytes = 0) {
    MutexLock lock(mutex_);
    if (closed_ || broken_) return {};
    messages_.push_back({std::move(message), bytes});
    waiting_ += bytes;
    if (messages_.size() > 1) return {};
    return {.message = &messages_.front().message};
  }

  // The message handed out last is written, or (not `ok`) nothing can be written any more. `last`
  // gets that message, if it is wanted.
  Next Written(bool ok, Message* last = nullptr) {
    MutexLock lock(mutex_);
    if (last != nullptr) *last = std::move(messages_.front().message);
    waiting_ -= messages_.front().bytes;
    messages_.pop_front();
    if (!ok) {
      broken_ = true;
      Drop(0);
    }
    if (!messages_.empty()) return {.message = &messages_.front().message};
    return {.finish = IsFinish()};
  }

  // Nothing more is taken. When what is queued has been written, `finish` is said, once.
  Next Close() {
    MutexLock lock(mutex_);
    if (closed_) return {};
    closed_ = true;
    return {.finish = messages_.empty() && IsFinish()};
  }

  // The same, and what is queued is dropped but for what was handed out. True: the stream has not
  // been told to finish, and is not before Cancelled(); so it can be cancelled in between.
  bool Break() {
    MutexLock lock(mutex_);
    if (finished_ || cancelling_) return false;
    closed_ = broken_ = cancelling_ = true;
    if (!messages_.empty()) Drop(1);
    return true;
  }
  Next Cancelled() {
    MutexLock lock(mutex_);
    cancelling_ = false;
    return {.finish = messages_.empty() && IsFinish()};
  }

  // Of the messages that are not written yet, as they were pushed.
  size_t waiting_bytes() const {
    MutexLock lock(mutex_);
    return waiting_;
  }

 private:
  struct Queued {
    Message message;
    size_t bytes;
  };

  // All but the first `kept`.
  void Drop(size_t kept) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (; messages_.size() > kept; messages_.pop_back()) waiting_ -= messages_.back().bytes;
  }

  // Whether it is to be finished now.
  bool IsFinish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!closed_ || cancelling_ || finished_) return false;
    return finished_ = true;
  }

  mutable Mutex mutex_;
  std::deque<Queued> messages_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelling_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace squall
