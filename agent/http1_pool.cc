#include "agent/http1_pool.h"

namespace squall {

Http1Pool::Http1Pool(Http1Connection::Shared& shared, size_t most_idle)
    : shared_(shared), most_idle_(most_idle) {}

Http1Connection* Http1Pool::Take(const Http1Origin& origin) {
  if (origin.number >= idle_by_origin_.size()) return nullptr;
  while (Http1Connection* connection = idle_by_origin_[origin.number].last()) {
    if (!connection->outdated()) {
      RemoveIdle(*connection);
      return connection;
    }
    Discard(*connection);
  }
  return nullptr;
}

Http1Connection& Http1Pool::New() {
  if (spare_.empty()) return *all_.emplace_back(std::make_unique<Http1Connection>(shared_));
  Http1Connection& connection = *spare_.back();
  spare_.pop_back();
  return connection;
}

void Http1Pool::PutIdle(Http1Connection& connection) {
  const uint32_t origin = connection.origin().number;
  if (origin >= idle_by_origin_.size()) idle_by_origin_.resize(origin + 1);
  connection.exchange = nullptr;
  connection.used = true;
  idle_by_origin_[origin].Append(connection);
  idle_.Append(connection);
  if (++idle_count_ > most_idle_) Discard(*idle_.first());
}

void Http1Pool::Discard(Http1Connection& connection) {
  if (connection.exchange == nullptr) RemoveIdle(connection);
  connection.exchange = nullptr;
  connection.Close();
  spare_.push_back(&connection);
}

void Http1Pool::RemoveIdle(Http1Connection& connection) {
  idle_by_origin_[connection.origin().number].Remove(connection);
  idle_.Remove(connection);
  --idle_count_;
}

}  // namespace squall
