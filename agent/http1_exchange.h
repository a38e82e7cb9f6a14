// One slot of http1_transport: a request, and what has become of it so far.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/http1_connection.h"
#include "agent/http1_origin.h"
#include "agent/linked_list.h"
#include "common/clock.h"
#include "common/metrics.h"
#include "common/raw_request.h"

namespace squall {

class Http1Call;

struct Http1Exchange {
  uint32_t slot = 0;
  uint32_t connections = 0;  // opened for it
  bool resent = false;
  bool deferred = false;  // its failure is still to be told
  Nanos start = 0;
  Nanos first_byte = 0;       // 0: none has come
  Http1Call* call = nullptr;  // which of the plan's requests it is
  Http1Origin* origin = nullptr;
  Http1Connection* connection = nullptr;  // null: it is not in flight
  std::string_view bytes;                 // of the request, but for a long body
  size_t sent = 0;                        // of these and the body, on this connection
  uint64_t sent_before = 0;               // on the connection before, if it was resent
  std::string own_bytes;                  // where `bytes` are where requests differ
  struct Ending {
    const void* of = nullptr;  // who finds it there; null: nobody
    const Http1Origin* origin = nullptr;
    size_t bytes = 0;
  };
  Ending ending;                // of own_bytes: what stands there from request to request
  Links<Http1Exchange> by_age;  // among those in flight

  // Where a script made them: what `bytes` are, and what came of those that were answered so far.
  RawRequests requests;
  uint32_t user = 0;  // whose it is, where there are users
  struct Scripted {
    uint32_t answers = 0;
    bool failed = false;  // what follows is of the first that failed; else of the last
    uint32_t status = 0;
    std::optional<v1::FailureKind> judged;
    std::string detail;
    uint64_t received_before = 0;  // by those before the last
  };
  Scripted scripted;

  // The answer that is awaited then has no body, whatever its header says.
  bool to_head() const { return requests.IsHead(scripted.answers); }
  bool fresh() const { return connections > 0; }

  void Begin(Nanos now) {
    connections = 0;
    resent = false;
    deferred = false;
    start = now;
    first_byte = 0;
    sent = 0;
    sent_before = 0;
  }
};

// What the time until `end` was spent on. Nothing is known of one that was sent twice.
inline Timings TimingsOf(const Http1Exchange& exchange, Nanos end) {
  Timings timings;
  if (exchange.resent) return timings;
  Nanos ready = exchange.start;
  if (exchange.fresh()) {
    const Http1Connection::Times& times = exchange.connection->times();
    const Nanos resolved = times.resolved == 0 ? exchange.start : times.resolved;
    if (times.resolved != 0) timings.resolve = resolved - exchange.start;
    timings.connect = times.connected - resolved;
    if (exchange.origin->https) timings.tls = times.ready - times.connected;
    ready = times.ready;
  }
  timings.first_byte = exchange.first_byte - ready;
  timings.transfer = end - exchange.first_byte;
  return timings;
}

}  // namespace squall
