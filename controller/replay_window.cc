#include "controller/replay_window.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "common/list_line.h"

namespace squall {
namespace {

constexpr uint64_t kSecondUs = 1'000'000;

// What a moment takes besides its lines.
constexpr size_t kMomentBytes = 128;

// So many times the bound may be held of one moment, which cannot be written before it is whole.
constexpr size_t kMostOfOne = 16;

}  // namespace

absl::Status ReplayWindow::Add(int64_t unix_us, bool whole_seconds, std::string_view request,
                               std::string& out) {
  if (written_us_ && unix_us <= *written_us_) {
    return absl::InvalidArgumentError(fmt::format(
        "its time is {:.3f} s before that of a line more than {} MiB further up: sort the log by "
        "time",
        static_cast<double>(*written_us_ - unix_us) / kSecondUs, held_ >> 20));
  }
  first_seen_us_ = std::min(first_seen_us_.value_or(unix_us), unix_us);
  last_seen_us_ = std::max(last_seen_us_.value_or(unix_us), unix_us);
  // The last second may be spread.
  if (*last_seen_us_ - *first_seen_us_ > static_cast<int64_t>(kMaxListedUs - kSecondUs)) {
    return absl::InvalidArgumentError("its time is more than 10,000 hours from that of others");
  }
  // Most are the last one's, or come behind it.
  const auto [place, is_new] = moments_.try_emplace(unix_us);
  Moment& moment = place->second;
  moment.lines.append(request).append("\n");
  moment.whole_second = whole_seconds;
  ++moment.count;
  bytes_ += request.size() + 1 + (is_new ? kMomentBytes : 0);
  while (bytes_ > held_ && moments_.size() > 1) WriteFirst(out);
  if (bytes_ <= held_ * kMostOfOne) return absl::OkStatus();
  return absl::InvalidArgumentError("more requests at one time than can be held in memory");
}

void ReplayWindow::WriteFirst(std::string& out) {
  const auto first = moments_.begin();
  const auto& [unix_us, moment] = *first;
  if (!first_us_) first_us_ = unix_us;
  const auto begin = static_cast<uint64_t>(unix_us - *first_us_);
  const uint64_t length = moment.whole_second ? kSecondUs : 0;
  std::string_view rest = moment.lines;
  for (uint64_t i = 0; i < moment.count; ++i) {
    const size_t end = rest.find('\n') + 1;
    fmt::format_to(std::back_inserter(out), "{} ", begin + length * i / moment.count);
    out.append(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  bytes_ -= moment.lines.size() + kMomentBytes;
  written_us_ = unix_us;
  moments_.erase(first);
}

void ReplayWindow::Finish(std::string& out) {
  while (!moments_.empty()) WriteFirst(out);
}

}  // namespace squall
