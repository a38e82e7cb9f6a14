// How many connections the workers of a run have open, the most there have been at once, and what
// kept others from being opened.
//
// Thread-safe; written when connections open and close, not for each request.
#pragma once

#include <atomic>
#include <cerrno>
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
  // One could not be opened, for this errno.
  void Failed(int error) {
    auto& count = error == EADDRNOTAVAIL               ? without_port_
                  : error == EMFILE || error == ENFILE ? without_file_
                                                       : failed_;
    count.fetch_add(1, std::memory_order_relaxed);
  }

  uint32_t peak() const { return peak_.load(std::memory_order_relaxed); }

  // Connections that were not opened, so far.
  struct Failures {
    uint64_t without_port = 0;
    uint64_t without_file = 0;
    uint64_t other = 0;
  };
  Failures failures() const {
    return {without_port_.load(std::memory_order_relaxed),
            without_file_.load(std::memory_order_relaxed), failed_.load(std::memory_order_relaxed)};
  }

 private:
  std::atomic<uint32_t> open_{0};
  std::atomic<uint32_t> peak_{0};
  std::atomic<uint64_t> without_port_{0};
  std::atomic<uint64_t> without_file_{0};
  std::atomic<uint64_t> failed_{0};
};

}  // namespace squall
