// Requests of HTTP/1.1 as bytes, as a script makes them.
//
// Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace squall {

// One request, or several to be sent one behind the other (pipelined).
struct RawRequests {
  // Most at once.
  static constexpr uint32_t kMost = 64;

  uint32_t count = 0;
  uint64_t heads = 0;       // a bit each: a HEAD, whose answer has no body
  bool idempotent = false;  // all of them

  bool IsHead(uint32_t index) const { return (heads >> index & 1) != 0; }
};

// What `bytes`, which request() of a script returned, are. INVALID_ARGUMENT if they are not whole
// requests, with line and column in them.
absl::StatusOr<RawRequests> ParseRawRequests(std::string_view bytes);

}  // namespace squall
