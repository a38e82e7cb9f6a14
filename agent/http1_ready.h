// The requests of a short list, or of a feeder with few rows, as bytes: made when they are first
// sent, and kept for the passes to come.
//
// Belongs to one worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/http1_exchange.h"
#include "agent/http1_origin.h"
#include "common/sequence.h"

namespace squall {

class Http1Ready {
 public:
  // Of more it is not worth it: what is read once does not come again soon.
  static constexpr uint64_t kMostEntries = 32'768;

  // Entries come in that order, which is borrowed for the call.
  explicit Http1Ready(const Sequence& order) : order_(order), entries_(order.entries()) {}

  // Which entry request n is.
  uint64_t EntryOf(uint64_t n) { return order_.Index(n); }

  // Gives an exchange its origin and its bytes, if they are known.
  bool Give(uint64_t entry, Http1Exchange& exchange) const {
    const Entry& known = entries_[entry];
    if (known.origin == nullptr) return false;
    exchange.origin = known.origin;
    exchange.bytes = {known.bytes, known.size};
    return true;
  }
  // What an exchange was given otherwise. Nothing, if there is no more room.
  void Keep(uint64_t entry, const Http1Exchange& exchange);

 private:
  struct Entry {
    const char* bytes = nullptr;
    size_t size = 0;
    Http1Origin* origin = nullptr;  // null: not known
  };

  static constexpr size_t kMostBytes = size_t{4} << 20;
  static constexpr size_t kBlockBytes = size_t{64} << 10;

  SequenceReader order_;
  std::vector<Entry> entries_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t used_ = kBlockBytes;  // of the last block
};

}  // namespace squall
