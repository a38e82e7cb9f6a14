#include "agent/policy_watch.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "common/phases.h"

namespace squall {
namespace {

// Bytes are counted for so long at least: early snapshots may be milliseconds apart.
constexpr Nanos kWindow = kSecond;
// A plan with a duration has been checked, but for how long answers are awaited after it.
constexpr Nanos kLongestDrain = 60 * kSecond;

}  // namespace

void PolicyWatch::Begin(const v1::Plan& plan, Nanos at) {
  window_ = std::max(at, SteadyNow());
  if (limits_.duration_ns.most == 0) return;
  const bool timed = MeasuredPhase(plan).duration_ns() != 0;
  end_ = at + static_cast<Nanos>(limits_.duration_ns.most) + (timed ? kLongestDrain : 0);
}

void PolicyWatch::Add(const v1::Metrics& metrics) {
  bytes_ += metrics.bytes_received() + metrics.bytes_sent();
}

absl::Status PolicyWatch::Check(Nanos now) {
  if (now >= end_) {
    return absl::PermissionDeniedError(fmt::format(
        "works {} on a run at most, and this one has not come to its end: max_duration ({})",
        absl::FormatDuration(absl::Nanoseconds(static_cast<int64_t>(limits_.duration_ns.most))),
        limits_.duration_ns.where));
  }
  const PolicyLimit& limit = limits_.bytes_per_second;
  if (limit.most == 0 || now < window_ || now - window_ < kWindow) return absl::OkStatus();
  const double seconds = static_cast<double>(now - window_) * 1e-9;
  const uint64_t bytes = bytes_;
  window_ = now;
  bytes_ = 0;
  if (static_cast<double>(bytes) <= static_cast<double>(limit.most) * seconds) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      fmt::format("moves at most {} bytes per second, and this run has moved {} in {:.3g} s: "
                  "max_bytes_per_second ({})",
                  limit.most, bytes, seconds, limit.where));
}

}  // namespace squall
