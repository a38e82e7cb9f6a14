// Requests of a log in the order of their times.
//
// A server writes a line when it has answered, so a log is in order but for what took long. Lines
// are held back, within a bound, until none is to be expected that belongs in front of them. Equal
// times of whole seconds are spread evenly over their second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace squall {

class ReplayWindow {
 public:
  // Bytes that are held back.
  static constexpr size_t kHeld = size_t{64} << 20;

  // For tests: another bound.
  explicit ReplayWindow(size_t held = kHeld) : held_(held) {}

  // The next line: a request without a line break, and its time. Those that are due by then go to
  // `out`, with the microseconds after the first one in front. INVALID_ARGUMENT: it comes too late
  // to be put where it belongs, or lies too far from the first one.
  absl::Status Add(int64_t unix_us, bool whole_seconds, std::string_view request, std::string& out);
  // The rest.
  void Finish(std::string& out);

 private:
  struct Moment {
    std::string lines;
    uint64_t count = 0;
    bool whole_second = false;
  };

  void WriteFirst(std::string& out);

  const size_t held_;
  std::map<int64_t, Moment> moments_;
  size_t bytes_ = 0;
  std::optional<int64_t> first_us_;       // of the first moment that was written
  std::optional<int64_t> written_us_;     // of the last one that was
  std::optional<int64_t> first_seen_us_;  // of all lines
  std::optional<int64_t> last_seen_us_;
};

}  // namespace squall
