// At most so many requests are worked on at a time, as by a server with a pool of workers; the
// others wait in the order in which they have come, whichever thread read them.
//
// Not for benchmarks: all threads share one lock here.
#pragma once

#include <cstdint>
#include <ev.h>
#include <map>
#include <optional>

#include "common/mutex.h"

namespace squall::target {

class Connection;

// Thread-safe.
class Workers {
 public:
  // Where a request waits: its thread's loop, and what wakes that up to call Next().
  struct Loop {
    struct ev_loop* loop;
    ev_async* turn;
  };
  using Place = uint64_t;  // in the order of coming

  // `limit` is at least 1.
  explicit Workers(uint64_t limit) : free_(limit) {}

  // Nothing: a worker has it, until Release(). Otherwise its place in the row of those that wait;
  // Next() will name the connection, which must live until then or leave the row.
  std::optional<Place> Take(const Loop& loop, Connection* connection);
  // The next one whose turn it is and that waits at this loop: a worker has it now. Null: none. To
  // be called until then whenever the loop is woken.
  Connection* Next(const Loop& loop);
  void Release();
  void LeaveRow(Place place);

 private:
  struct Waiting {
    Loop loop;
    Connection* connection;
  };
  // Wakes who is to come next, if there is a worker for it. Under the lock, so that the loop of one
  // that waits is still there.
  void WakeFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  uint64_t free_ ABSL_GUARDED_BY(mutex_);
  Place next_place_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<Place, Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace squall::target
