// The connections of one worker: those that wait for their next request, and objects for new ones.
//
// Of the idle connections to an origin the one used last is taken first, so that no more stay in
// use than are needed. Belongs to one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "agent/http1_connection.h"
#include "agent/linked_list.h"

namespace squall {

class Http1Pool {
 public:
  // Keeps `most_idle` idle connections at most: beyond, those that have been idle longest are
  // closed. `shared` outlives it.
  Http1Pool(Http1Connection::Shared& shared, size_t most_idle);

  // An idle connection to the origin, or null.
  Http1Connection* Take(const Http1Origin& origin);
  // One that is closed.
  Http1Connection& New();
  // It stands, and has nothing to do.
  void PutIdle(Http1Connection& connection);
  // Closes it, idle or not, and keeps the object for a new one.
  void Discard(Http1Connection& connection);

 private:
  using OfOrigin = LinkedList<Http1Connection, &Http1Connection::by_origin>;
  using ByAge = LinkedList<Http1Connection, &Http1Connection::by_age>;

  void RemoveIdle(Http1Connection& connection);

  Http1Connection::Shared& shared_;
  const size_t most_idle_;
  size_t idle_count_ = 0;
  ByAge idle_;                            // all, idle longest first
  std::vector<OfOrigin> idle_by_origin_;  // by its number, used last at the end
  std::vector<Http1Connection*> spare_;   // closed
  std::vector<std::unique_ptr<Http1Connection>> all_;
};

}  // namespace squall
