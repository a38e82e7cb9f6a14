// The connections of one worker: those that wait for their next request, and objects for new ones.
//
// Of the idle connections to an origin the one used last is taken first, so that no more stay in
// use than are needed; and no more are kept open to it than there are slots. Belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "agent/connection_look.h"
#include "agent/http1_connection.h"
#include "agent/linked_list.h"

namespace squall {

class Http1Pool {
 public:
  // `shared` outlives it. SetSlots() follows.
  explicit Http1Pool(Http1Connection::Shared& shared) : shared_(shared) {}

  // So many connections to each origin, and a few times as many idle ones in all: beyond, those
  // that have been idle longest are closed.
  void SetSlots(uint32_t slots);

  // An idle connection to the origin, or null.
  Http1Connection* Take(const Http1Origin& origin);
  // One that is closed, to be opened to the origin.
  Http1Connection& New(const Http1Origin& origin);
  // It stands, and has nothing to do.
  void PutIdle(Http1Connection& connection);
  // Looks at some that are open, and at whose the answers over them are.
  void Look(ConnectionLook& look) const;
  // Closes it, idle or not, and keeps the object for a new one.
  void Discard(Http1Connection& connection);

 private:
  using OfOrigin = LinkedList<Http1Connection, &Http1Connection::by_origin>;
  using ByAge = LinkedList<Http1Connection, &Http1Connection::by_age>;

  struct ToOrigin {
    OfOrigin idle;      // used last at the end
    uint32_t open = 0;  // idle or not
  };

  ToOrigin& PlaceOf(const Http1Origin& origin);
  void RemoveIdle(Http1Connection& connection);

  Http1Connection::Shared& shared_;
  uint32_t slots_ = 0;
  size_t most_idle_ = 0;
  size_t idle_count_ = 0;
  ByAge idle_;                           // all, idle longest first
  std::vector<ToOrigin> by_origin_;      // by its number
  std::vector<Http1Connection*> spare_;  // closed
  std::vector<std::unique_ptr<Http1Connection>> all_;
};

}  // namespace squall
