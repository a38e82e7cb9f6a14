// Requests in flight: how many there are, the most there were at once, and their sum over time,
// from which anybody who looks twice has the mean between the two looks.
//
// The sum is the integral of the count: request · nanoseconds. It is kept as count · now + balance:
// whoever enters takes the time off the balance and whoever leaves puts it on, so that nothing has
// to be done between. All of that is modulo 2^64; differences below 2^63 are right. How it went
// over the last seconds is kept (flight_history.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "common/clock.h"
#include "target/flight_history.h"

namespace squall::target {

// Thread-safe, without a lock: each thread enters and leaves for itself, any may look. A request
// leaves on the thread that it has entered on.
class Flight {
 public:
  explicit Flight(int threads) : threads_(static_cast<size_t>(threads)) {}

  // `now` is the steady clock's; one who enters with the time of having left was never away.
  void Enter(int thread, Nanos now);
  void Leave(int thread, Nanos now);

  uint64_t count() const { return count_.load(); }
  uint64_t peak() const { return peak_.load(); }
  // What is in flight counts up to `now`. A request that enters or leaves in this instant is in or
  // out, never lost for good.
  struct Sum {
    uint64_t request_ns = 0;
    uint64_t count = 0;
    Nanos now = 0;
  };
  Sum Read() const;

  // Its sums are those of Read().
  const FlightHistory& history() const { return history_; }

  // From what is in flight now.
  void RestartPeak();

 private:
  // The two belong together: who reads them while the version is odd or changes reads again.
  struct alignas(64) OfThread {
    std::atomic<uint64_t> version{0};
    std::atomic<uint64_t> count{0};
    std::atomic<uint64_t> balance{0};
  };
  void BeginInterval(Nanos now);
  void Change(int thread, uint64_t by, Nanos now);
  void RaisePeak(uint64_t count);

  std::vector<OfThread> threads_;
  // Shared by all threads: the peak of a sum can't be had from the peaks of its parts.
  alignas(64) std::atomic<uint64_t> count_{0};
  std::atomic<uint64_t> peak_{0};
  FlightHistory history_;  // on cache lines of its own
};

}  // namespace squall::target
