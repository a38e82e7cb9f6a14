#include "agent/http1_pool.h"

namespace squall {

void Http1Pool::SetSlots(uint32_t slots) {
  slots_ = slots;
  most_idle_ = 4 * size_t{slots} + 64;
  for (ToOrigin& place : by_origin_) {
    while (place.open > slots_ && !place.idle.empty()) Discard(*place.idle.first());
  }
  while (idle_count_ > most_idle_) Discard(*idle_.first());
}

Http1Connection* Http1Pool::Take(const Http1Origin& origin) {
  if (origin.number >= by_origin_.size()) return nullptr;
  while (Http1Connection* connection = by_origin_[origin.number].idle.last()) {
    if (!connection->outdated()) {
      RemoveIdle(*connection);
      return connection;
    }
    Discard(*connection);
  }
  return nullptr;
}

Http1Pool::ToOrigin& Http1Pool::PlaceOf(const Http1Origin& origin) {
  if (origin.number >= by_origin_.size()) by_origin_.resize(origin.number + 1);
  return by_origin_[origin.number];
}

Http1Connection& Http1Pool::New(const Http1Origin& origin) {
  ++PlaceOf(origin).open;
  if (spare_.empty()) return *all_.emplace_back(std::make_unique<Http1Connection>(shared_));
  Http1Connection& connection = *spare_.back();
  spare_.pop_back();
  return connection;
}

void Http1Pool::PutIdle(Http1Connection& connection) {
  ToOrigin& place = by_origin_[connection.origin().number];
  connection.exchange = nullptr;
  connection.used = true;
  place.idle.Append(connection);
  idle_.Append(connection);
  ++idle_count_;
  if (place.open > slots_) Discard(*place.idle.first());
  if (idle_count_ > most_idle_) Discard(*idle_.first());
}

void Http1Pool::Discard(Http1Connection& connection) {
  if (connection.exchange == nullptr) RemoveIdle(connection);
  connection.exchange = nullptr;
  --by_origin_[connection.origin().number].open;
  connection.Close();
  spare_.push_back(&connection);
}

void Http1Pool::RemoveIdle(Http1Connection& connection) {
  by_origin_[connection.origin().number].idle.Remove(connection);
  idle_.Remove(connection);
  --idle_count_;
}

void Http1Pool::Look(ConnectionLook& look) const {
  size_t looked_at = 0;
  for (const auto& connection : all_) {
    if (looked_at == ConnectionLook::kMostOfAWorker) return;
    if (connection->Look(look)) ++looked_at;
  }
}

}  // namespace squall
