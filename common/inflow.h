// How much of what came over control streams may wait to be heard, in bytes of messages. Beyond it
// a stream is given up rather than heard: its other end can come again, memory cannot.
//
// Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace squall {

class Inflow {
 public:
  static constexpr size_t kOverhead = 512;  // of each message, however short it is

  explicit Inflow(size_t most_bytes) : most_bytes_(most_bytes) {}

  // To be kept as long as a message of so many bytes is; null: there is no room for it.
  std::shared_ptr<void> Take(size_t message_bytes) {
    const size_t bytes = message_bytes + kOverhead;
    if (waiting_->fetch_add(bytes) + bytes > most_bytes_) {
      waiting_->fetch_sub(bytes);
      return nullptr;
    }
    return {waiting_.get(), [waiting = waiting_, bytes](void*) { waiting->fetch_sub(bytes); }};
  }

 private:
  const size_t most_bytes_;
  const std::shared_ptr<std::atomic<size_t>> waiting_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace squall
