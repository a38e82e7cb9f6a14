// How much of what came at the control port may wait for the session, in bytes of messages. Beyond
// it a stream is broken off rather than heard: its other end can come again, memory cannot.
//
// Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace squall {

class Inflow {
 public:
  static constexpr size_t kMostBytes = 128 << 20;
  static constexpr size_t kOverhead = 512;  // of each message, however short it is

  // To be kept as long as a message of so many bytes is; null: there is no room for it.
  std::shared_ptr<void> Take(size_t message_bytes) {
    const size_t bytes = message_bytes + kOverhead;
    if (waiting_->fetch_add(bytes) + bytes > kMostBytes) {
      waiting_->fetch_sub(bytes);
      return nullptr;
    }
    return {waiting_.get(), [waiting = waiting_, bytes](void*) { waiting->fetch_sub(bytes); }};
  }

 private:
  const std::shared_ptr<std::atomic<size_t>> waiting_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace squall
