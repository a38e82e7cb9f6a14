#include "agent/arrival_queue.h"

#include <algorithm>
#include <utility>

namespace squall {
namespace {

// How long before it is due a number may be drawn beside others.
constexpr Nanos kAhead = kMillisecond;

// Most numbers of a draw: what a worker sends in well under a millisecond.
constexpr size_t kLargestChunk = 64;

}  // namespace

ArrivalQueue::ArrivalQueue(const Schedule& schedule, uint32_t workers,
                           std::optional<uint64_t> max_backlog, uint64_t most_rate_nano)
    : free_since_(workers),
      max_backlog_(max_backlog),
      rate_cap_(most_rate_nano),
      draw_times_(schedule),
      due_times_(schedule) {}

void ArrivalQueue::Add(const std::vector<Span>& spans, bool again) {
  MutexLock lock(mutex_);
  for (const Span& span : spans) (again ? again_ : granted_).Add(span);
}

void ArrivalQueue::SetMaxBacklog(uint64_t max_backlog) {
  MutexLock lock(mutex_);
  if (max_backlog_) max_backlog_ = max_backlog;
}

ArrivalQueue::Waited ArrivalQueue::Draw(uint32_t worker, size_t connections, Nanos now,
                                        std::vector<Arrival>& drawn) {
  MutexLock lock(mutex_);
  std::atomic<Nanos>& free_since = free_since_[worker].time;
  const Nanos before = free_since.load(std::memory_order_relaxed);
  const Nanos own = connections == 0 ? kForever : std::min(before, now);
  const Nanos others = EarliestFree(worker);
  ApplyBacklogBound(std::min({own, others, now}));

  Waited waited;
  size_t count = 0;
  while (end_ == kForever && count < std::min(connections, kLargestChunk)) {
    PendingNumbers& next = WithFirst();
    if (next.empty()) break;
    Arrival arrival = {next.First(), draw_times_.TimeOf(next.First()), &next == &again_};
    arrival.not_before = rate_cap_.EarliestFrom(std::max(arrival.due, now));
    if (count > 0 && arrival.not_before > now + kAhead) break;
    rate_cap_.Take(arrival.not_before);
    next.PopFirst();
    drawn.push_back(arrival);
    ++count;
    if (arrival.due >= own || arrival.again) continue;
    if (arrival.due >= paused_from_ && arrival.due < paused_until_) continue;
    ++waited.all;
    if (others <= arrival.due) ++waited.beside_free;
  }
  const Nanos after = count < connections ? own : kForever;
  if (after != before) free_since.store(after, std::memory_order_relaxed);
  return waited;
}

void ArrivalQueue::Freed(uint32_t worker, Nanos now) noexcept {
  free_since_[worker].time.store(now, std::memory_order_relaxed);
}

void ArrivalQueue::Paused(Nanos from, Nanos until) {
  MutexLock lock(mutex_);
  // All workers pause at about the same time.
  paused_from_ = from < paused_until_ ? std::min(from, paused_from_) : from;
  paused_until_ = until;
}

// The part with the next number to draw; an empty one if there is none.
PendingNumbers& ArrivalQueue::WithFirst() {
  // What waits is due before all that was not due when the bound was applied.
  PendingNumbers& next = waiting_.empty() ? granted_ : waiting_;
  if (again_.empty()) return next;
  return next.empty() || again_.First() < next.First() ? again_ : next;
}

std::vector<NumberRun> ArrivalQueue::TakeDropped(Nanos now, uint64_t stride) {
  PendingNumbers taken;
  {
    MutexLock lock(mutex_);
    ApplyBacklogBound(std::min(EarliestFree(kNobody), now));
    std::swap(taken, dropped_);
  }
  return taken.TakeRuns(stride);
}

void ArrivalQueue::Finish(Nanos end) {
  MutexLock lock(mutex_);
  if (end_ != kForever) return;
  ApplyBacklogBound(std::min(EarliestFree(kNobody), end));
  end_ = end;
}

ArrivalQueue::Unsent ArrivalQueue::TakeUnsent(uint64_t stride) {
  PendingNumbers taken;
  Unsent unsent;
  {
    MutexLock lock(mutex_);
    if (end_ == kForever) return {};
    std::swap(taken, waiting_);
    const uint64_t due = due_times_.CountBefore(end_);
    granted_.MoveBelow(due, taken);
    again_.MoveBelow(due, taken);
    if (taken.empty()) return {};
    unsent.oldest_age = end_ - draw_times_.TimeOf(taken.First());
  }
  unsent.runs = taken.TakeRuns(stride);
  return unsent;
}

Nanos ArrivalQueue::EarliestFree(uint32_t except) const {
  Nanos earliest = kForever;
  for (uint32_t worker = 0; worker < free_since_.size(); ++worker) {
    if (worker == except) continue;
    earliest = std::min(earliest, free_since_[worker].time.load(std::memory_order_relaxed));
  }
  return earliest;
}

// What falls due while somebody has a connection to spare is on its way to it and does not wait,
// however late its thread comes. So the bound is applied to what was due until the time since
// which somebody has had one, and to what was due until now if nobody has.
void ArrivalQueue::ApplyBacklogBound(Nanos until) {
  if (!max_backlog_ || end_ != kForever) return;
  const uint64_t due_end = due_times_.CountBefore(until);
  const uint64_t due = granted_.CountBelow(due_end);
  if (due == 0) return;
  const uint64_t room = *max_backlog_ - std::min(*max_backlog_, waiting_.count());
  if (due <= room) {
    granted_.MoveBelow(due_end, waiting_);
  } else {
    granted_.MoveBelow(granted_.Nth(room, due_end), waiting_);
    granted_.MoveBelow(due_end, dropped_);
  }
}

}  // namespace squall
