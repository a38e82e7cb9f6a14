// The numbers that were granted to this agent under an arrival rate and that no worker has drawn
// yet; the open loop's counterpart of SpanQueue. One queue serves one phase.
//
// A worker draws for the connections that it has to spare, and only what is due or about to be, so
// that it sits on no number that another could send. What finds no connection waits here: a number
// waits for as long as it is due and not drawn. All times are in nanoseconds from the
// beginning of the phase.
//
// Thread-safe. The lock is held for a chunk of numbers, for some 10 µs when a Poisson block is
// entered. Memory is that of the spans granted, whatever the backlog; with a bound on the backlog
// there may be a span for each number of the bound.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "agent/pending_numbers.h"
#include "agent/rate_cap.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "common/schedule.h"
#include "common/span.h"

namespace squall {

class ArrivalQueue {
 public:
  // Workers are numbered from 0; at the beginning every one has connections to spare. With
  // `max_backlog` (this agent's share of the fleet's), a number that falls due while
  // so many wait, and every connection is busy, is dropped. `most_rate_nano`: what the agent's
  // owner lets it send, in units of 1e-9 a second; 0: there is no limit.
  ArrivalQueue(const Schedule& schedule, uint32_t workers, std::optional<uint64_t> max_backlog,
               uint64_t most_rate_nano = 0);

  // Spans of a grant, or what a worker gives back. Idle workers must be woken. `again`: a lost
  // agent had them. What has become due elsewhere is not held against the backlog here: such
  // numbers are never dropped, and do not count as having waited.
  void Add(const std::vector<Span>& spans, bool again = false);

  // Of a queue with a bound, from now on; nothing that waits is dropped because the bound sinks.
  void SetMaxBacklog(uint64_t max_backlog);

  struct Arrival {
    uint64_t number = 0;
    Nanos due = 0;
    bool again = false;
    Nanos not_before =
        0;  // when it may be sent: as it is due or drawn, or when the owner's rate lets
  };
  struct Waited {
    // Of the numbers drawn: fell due while the worker had no connection to spare …
    uint32_t all = 0;
    // … but another worker had one, from then until now.
    uint32_t beside_free = 0;
  };
  // Appends the next numbers to `drawn`, by rising n: at most one for each of `connections`, those
  // that are due by now or within a millisecond. If there is none of these, the next one
  // whenever it is due, so that no two workers wake up for the same. Nothing: nothing is left.
  //
  // For a worker that holds no numbers, as soon as it has a connection to spare; `connections` are
  // all that it has, and each is taken as reserved for the number that it is given. With
  // none it only says that it has none.
  Waited Draw(uint32_t worker, size_t connections, Nanos now, std::vector<Arrival>& drawn);

  // The worker, which had no connection to spare, has one, and will draw later. Takes no lock.
  void Freed(uint32_t worker, Nanos now) noexcept;

  // A worker has sent nothing between these times: what fell due meanwhile did not wait for want of
  // a connection.
  void Paused(Nanos from, Nanos until);

  // What was dropped since the last call, up to now. As runs at this distance, like the unsent ones
  // below (PendingNumbers::TakeRuns).
  std::vector<NumberRun> TakeDropped(Nanos now, uint64_t stride);

  // Nothing more is drawn or dropped. Of several ends the first one called holds.
  void Finish(Nanos end);

  struct Unsent {
    std::vector<NumberRun> runs;
    Nanos oldest_age = 0;  // how long before the end the first of them was due
  };
  // The numbers that were due before the end and that nobody has drawn; each is returned once, also
  // those that are added after Finish(). Nothing before it.
  Unsent TakeUnsent(uint64_t stride);

 private:
  static constexpr uint32_t kNobody = UINT32_MAX;

  // On a cache line of its own: its worker alone writes it, and only when it gets its first
  // connection to spare or gives away its last.
  struct alignas(64) FreeSince {
    std::atomic<Nanos> time = 0;  // kForever: no connection to spare
  };

  // Since when any worker but `except` has had a connection to spare.
  Nanos EarliestFree(uint32_t except) const;
  void ApplyBacklogBound(Nanos until) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  PendingNumbers& WithFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::vector<FreeSince> free_since_;

  Mutex mutex_;
  std::optional<uint64_t> max_backlog_ ABSL_GUARDED_BY(mutex_);
  RateCap rate_cap_ ABSL_GUARDED_BY(mutex_);
  // Two, so that under Poisson arrivals what is drawn and what falls due keep a block each.
  Schedule draw_times_ ABSL_GUARDED_BY(mutex_);
  Schedule due_times_ ABSL_GUARDED_BY(mutex_);
  // With a bound, what is due is moved from granted_ to waiting_ as far as there is room, and to
  // dropped_ beyond; without one, all stays in granted_.
  PendingNumbers granted_ ABSL_GUARDED_BY(mutex_);
  PendingNumbers waiting_ ABSL_GUARDED_BY(mutex_);
  PendingNumbers dropped_ ABSL_GUARDED_BY(mutex_);
  PendingNumbers again_ ABSL_GUARDED_BY(mutex_);  // beside all that
  // The newest time in which nothing was sent; empty: there was none.
  Nanos paused_from_ ABSL_GUARDED_BY(mutex_) = 0;
  Nanos paused_until_ ABSL_GUARDED_BY(mutex_) = 0;
  Nanos end_ ABSL_GUARDED_BY(mutex_) = kForever;  // kForever: not finished
};

}  // namespace squall
