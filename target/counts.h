// What the target has seen, counted so that it can be held against what a load tester claims.
//
// A request counts once it has been read whole (or was malformed); it is in flight from then until
// its answer has been handed to the kernel. Everything about an answer is counted just *before* the
// send that completes it, and taken back if that send falls short: a client that has its answer
// must find it in the counts, and must not see its next request overlap the last one, whichever
// threads serve the two. Requests for /__stats do not count, nor do connections whose first request
// is one, or that end without a byte: who only looks whether somebody listens is no load.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "target/clients.h"
#include "target/flight.h"
#include "target/responses.h"

namespace squall::target {

struct Counts {
  uint64_t requests = 0;
  uint64_t responses = 0;
  uint64_t in_flight = 0;
  uint64_t peak_in_flight = 0;
  // The sum of requests in flight over time: the difference of two reads ÷ that of their `now` is
  // the mean between them.
  uint64_t in_flight_ns = 0;
  Nanos now = 0;             // the steady clock, when that was read
  Nanos counted_since = 0;   // when the counts were 0
  uint64_t connections = 0;  // accepted, and there for more than the counts
  uint64_t open_connections = 0;
  uint64_t peak_connections = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  std::map<int, uint64_t> statuses;   // responses by status; none that is 0
  std::vector<ClientCounts> clients;  // by address
  std::string server_id;              // drawn at the start
  // How what is in flight went over the last seconds, whole since `history_since`.
  Nanos history_since = 0;
  std::vector<FlightHistory::Point> history = {};
};

// One object with the names above as keys (times with _ns behind them), ended by a line feed. The
// history is an array of [at_ns, in_flight_ns, in_flight, most], in a line.
std::string CountsToJson(const Counts& counts);
// For people: a few lines.
std::string CountsToText(const Counts& counts);

// The counters of one thread, on cache lines of their own.
struct alignas(64) ThreadCounters {
  Counter requests;
  Counter bytes_received;
  Counter bytes_sent;
  std::array<Counter, kAnswers> responses;
};

// All counts of one server. Thread-safe but for ThreadCounters.
class Tally {
 public:
  Tally(const Responses& responses, int threads);

  ThreadCounters& OfThread(int thread) { return threads_[static_cast<size_t>(thread)]; }

  Flight& flight() { return flight_; }

  // 1, 2, … in the order of calls; from 1 again after Clear().
  uint64_t NextRequestNumber() { return request_number_.fetch_add(1) + 1; }

  // A connection counts from its acceptance on, but the peak is looked at only when one proves, by
  // its first request or its end, not to be there for the counts alone.
  using Ticket = uint64_t;
  Ticket ConnectionOpened();
  void ConnectionProved();
  void ConnectionWithdrawn(Ticket ticket);
  void ConnectionClosed();

  // Null if there are too many; what is counted there is told by Read() as well.
  std::shared_ptr<Client> ClientAt(const std::string& address) { return clients_.Find(address); }

  // When the target started, which is when this was made.
  Nanos start() const { return start_; }

  Counts Read() const;
  // Counts from 0 again; what is in flight or open stays, and the peaks restart from there.
  void Clear();

 private:
  struct Sums {
    uint64_t requests = 0;
    uint64_t bytes_received = 0;
    uint64_t bytes_sent = 0;
    std::array<uint64_t, kAnswers> responses{};
  };
  Sums AllThreads() const;

  const Responses& responses_;
  std::vector<ThreadCounters> threads_;

  Flight flight_;
  alignas(64) std::atomic<uint64_t> request_number_{0};

  mutable Mutex mutex_;
  // Threads' counters only go on; clearing them remembers where they stood.
  Sums cleared_at_ ABSL_GUARDED_BY(mutex_);
  uint64_t flight_cleared_at_ ABSL_GUARDED_BY(mutex_) = 0;
  Nanos counted_since_ ABSL_GUARDED_BY(mutex_) = SteadyNow();
  uint64_t clears_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t connections_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t open_connections_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t proved_connections_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t peak_connections_ ABSL_GUARDED_BY(mutex_) = 0;

  Clients clients_;
  const Nanos start_ = SteadyNow();
  const std::string server_id_;
};

}  // namespace squall::target
