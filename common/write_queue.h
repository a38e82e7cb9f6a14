// Messages that wait for a stream which takes one at a time.
//
// Thread-safe. It only keeps the order and says what to do next, so that no lock is held while the
// stream is called. A pointer it hands out stays valid until Written().
#pragma once

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
  Next Push(Message message) {
    MutexLock lock(mutex_);
    if (closed_ || broken_) return {};
    messages_.push_back(std::move(message));
    if (messages_.size() > 1) return {};
    return {.message = &messages_.front()};
  }

  // The message handed out last is written, or (not `ok`) nothing can be written any more. `last`
  // gets that message, if it is wanted.
  Next Written(bool ok, Message* last = nullptr) {
    MutexLock lock(mutex_);
    if (last != nullptr) *last = std::move(messages_.front());
    messages_.pop_front();
    if (!ok) {
      broken_ = true;
      messages_.clear();
    }
    if (!messages_.empty()) return {.message = &messages_.front()};
    return {.finish = closed_};
  }

  // Nothing more is taken. When what is queued has been written, `finish` is said, once.
  Next Close() {
    MutexLock lock(mutex_);
    if (closed_) return {};
    closed_ = true;
    return {.finish = messages_.empty()};
  }

 private:
  Mutex mutex_;
  std::deque<Message> messages_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace squall
