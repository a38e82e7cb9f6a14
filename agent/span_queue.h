// The numbers that were granted to this agent and that no worker has drawn yet.
//
// Thread-safe. Workers draw chunks, so that the lock is taken once for many requests; chunks shrink
// with what is left, so that no worker sits on numbers while another is idle.
#pragma once

#include <cstdint>
#include <deque>

#include "common/mutex.h"
#include "common/span.h"

namespace squall {

class SpanQueue {
 public:
  explicit SpanQueue(uint32_t workers) : workers_(workers) {}

  // Appends spans of a grant. With `exhausted` nobody is told when the queue runs low. `again`: a
  // lost agent had them, and they are drawn before all others.
  void Add(const std::vector<Span>& spans, bool exhausted, bool again = false);
  // Puts back what was drawn and not sent: it is drawn next. Idle workers must be woken.
  void PutBack(const Span& span);

  struct Drawn {
    Span span;  // count 0: there is nothing
    // More should be asked for: said when less than half is left of what there was after the last
    // Add(), and again when nothing is.
    bool low = false;
  };
  Drawn Draw();

 private:
  const uint32_t workers_;
  Mutex mutex_;
  std::deque<Span> first_ ABSL_GUARDED_BY(mutex_);  // drawn before spans_
  std::deque<Span> spans_ ABSL_GUARDED_BY(mutex_);
  uint64_t remaining_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t low_mark_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace squall
