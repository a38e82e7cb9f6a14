// Reads the lines of granted numbers before workers come to them, so that no worker's loop waits
// for a disk.
//
// A thread of its own follows the numbers in the order of their grants, some way ahead of the
// workers, and looks at the memory where their lines are. What it does not get to in time a worker
// reads itself. Called by the session's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

#include "agent/request_source.h"
#include "agent/run_phase.h"
#include "common/mutex.h"
#include "common/span.h"

namespace squall {

class ReadAhead {
 public:
  // Both are borrowed.
  ReadAhead(const RequestSource& source, const std::deque<RunPhase>& phases);
  ~ReadAhead();

  void Granted(size_t phase, const std::vector<Span>& spans);

 private:
  // Of a phase.
  struct Ahead {
    std::deque<Span> spans;  // not looked at yet
    uint64_t passed = 0;     // numbers before these
  };

  void Run() noexcept;
  bool Advance(size_t phase);
  std::vector<uint64_t> NextOf(size_t phase) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RequestSource& source_;
  const std::deque<RunPhase>& phases_;
  Mutex mutex_;
  CondVar changed_;
  bool quit_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Ahead> ahead_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses the others
};

}  // namespace squall
