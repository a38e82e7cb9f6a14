// What a server tells of itself: how many requests it had in flight, by its own count.
//
// It is a JSON object of which these keys are looked at, and all others may be anything
// (docs/measurement.md): peak_in_flight; in_flight_ns with now_ns, and in_flight; and what only a
// squall target has: server_id, counted_since_ns, history, history_since_ns, history_interval_ns.
//
// Pure. Whoever answers is not trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"

namespace squall {

// Times are on the server's own clock, in nanoseconds.
struct ServerCounts {
  // Larger than that is no answer; more in flight than that is none's.
  static constexpr size_t kMaxBytes = 256 * 1024;
  static constexpr uint64_t kMostInFlight = 1'000'000'000;
  static constexpr size_t kMaxIdBytes = 32;  // letters, digits, dashes

  // The integral of what is in flight, since it began to count, and how many are at that time.
  struct Point {
    Nanos at = 0;
    uint64_t area = 0;
    std::optional<uint64_t> in_flight;
  };
  // One begins with the first request that came or went in it; then there were `in_flight`.
  struct Interval : Point {
    uint64_t most = 0;  // from there to the next
  };

  // Two answers are of one server and one count if they have the same; empty: it does not say.
  std::string id;
  std::optional<uint64_t> peak;  // since it began to count
  std::optional<Point> now;
  // By time, whole from `history_since` to now. Nothing: it keeps none.
  std::optional<Nanos> history_since;
  Nanos interval = 0;  // how long one lasts at most
  std::vector<Interval> history;
};

// INVALID_ARGUMENT says what it lacks, in words that can be printed.
absl::StatusOr<ServerCounts> ServerCountsFromJson(std::string_view text);

}  // namespace squall
