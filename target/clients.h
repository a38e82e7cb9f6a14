// How many requests came from which address, and when the first of them came.
//
// A connection asks for its client once and then counts without a lock. Addresses beyond the bound
// are not told apart from each other and not listed: their requests are missing in the sum.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"

namespace squall::target {

inline constexpr size_t kMostClients = 1024;

struct ClientCounts {
  std::string address;  // without a port
  uint64_t requests = 0;
  Nanos first_request = 0;  // when it had been read, since the target's start
};

// Written by one thread, read by any.
class Counter {
 public:
  void Add(uint64_t amount) { Set(value() + amount); }
  void Subtract(uint64_t amount) { Set(value() - amount); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::atomic<uint64_t> value_{0};
};

// The requests of one address. Each thread counts for itself; any may read.
class Client {
 public:
  explicit Client(int threads) : requests_(static_cast<size_t>(threads)) {}

  // `start` is the target's; the clock is looked at only for a first request.
  void CountRequest(int thread, Nanos start) noexcept {
    requests_[static_cast<size_t>(thread)].counter.Add(1);
    if (first_request_.load(std::memory_order_relaxed) == kForever) SetFirst(SteadyNow() - start);
  }

 private:
  friend class Clients;
  struct alignas(64) OfThread {
    Counter counter;
  };
  void SetFirst(Nanos time) noexcept;
  uint64_t requests() const;

  std::vector<OfThread> requests_;
  std::atomic<Nanos> first_request_{kForever};
  uint64_t cleared_at_ = 0;  // guarded by the mutex of its Clients
};

// All of one server. Thread-safe.
class Clients {
 public:
  explicit Clients(int threads) : threads_(threads) {}

  // The client of this address, a new one if need be; null if there are too many.
  std::shared_ptr<Client> Find(const std::string& address);

  // Those with requests, by address.
  std::vector<ClientCounts> Read() const;
  // Counts from 0 again, and forgets those that have no connection.
  void Clear();

 private:
  const int threads_;
  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<Client>> clients_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace squall::target
