// How many connections the workers of a run have open, and the most there have been at once.
//
// Thread-safe; written when connections open and close, not for each request.
#pragma once

#include <atomic>
#include <cstdint>

namespace squall {

class ConnectionGauge {
 public:
  void Opened() {
    const uint32_t open = open_.fetch_add(1, std::memory_order_relaxed) + 1;
    uint32_t peak = peak_.load(std::memory_order_relaxed);
    while (open > peak && !peak_.compare_exchange_weak(peak, open, std::memory_order_relaxed)) {
    }
  }
  void Closed() { open_.fetch_sub(1, std::memory_order_relaxed); }

  uint32_t peak() const { return peak_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> open_{0};
  std::atomic<uint32_t> peak_{0};
};

}  // namespace squall
