#include "target/workers.h"

namespace squall::target {

std::optional<Workers::Place> Workers::Take(const Loop& loop, Connection* connection) {
  MutexLock lock(mutex_);
  if (free_ != 0 && waiting_.empty()) {
    --free_;
    return std::nullopt;
  }
  const Place place = next_place_++;
  waiting_.emplace(place, Waiting{loop, connection});
  return place;
}

Connection* Workers::Next(const Loop& loop) {
  MutexLock lock(mutex_);
  if (free_ == 0 || waiting_.empty()) return nullptr;
  const auto first = waiting_.begin();
  Connection* connection = first->second.connection;
  if (first->second.loop.loop != loop.loop) {
    WakeFirst();
    return nullptr;
  }
  waiting_.erase(first);
  --free_;
  return connection;
}

void Workers::Release() {
  MutexLock lock(mutex_);
  ++free_;
  WakeFirst();
}

void Workers::LeaveRow(Place place) {
  MutexLock lock(mutex_);
  waiting_.erase(place);
  WakeFirst();
}

void Workers::WakeFirst() {
  if (free_ == 0 || waiting_.empty()) return;
  const Loop& loop = waiting_.begin()->second.loop;
  ev_async_send(loop.loop, loop.turn);
}

}  // namespace squall::target
