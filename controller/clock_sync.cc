#include "controller/clock_sync.h"

#include <algorithm>

namespace squall {
namespace {

// By how much two steady clocks may differ in speed: quartz does by some 20 ppm, and a clock that
// is being set right by NTP by more.
constexpr double kMostDrift = 200e-6;
// The offset of clocks that anybody has: 2^62 ns are 146 years.
constexpr Nanos kLargest = Nanos{1} << 61;
constexpr size_t kMostIntervals = 64;
constexpr size_t kNewest = 16;

bool IsTime(Nanos time) { return time >= 0 && time < kLargest; }

}  // namespace

Nanos ClockSync::MostDrift(Nanos length) {
  return static_cast<Nanos>(static_cast<double>(std::abs(length)) * kMostDrift);
}

bool ClockSync::Add(Nanos sent, Nanos there, Nanos back, Nanos received) {
  if (!IsTime(sent) || !IsTime(there) || !IsTime(back) || !IsTime(received)) return false;
  // With 1 % for clocks of different speed.
  if (back < there || received < sent || back - there > (received - sent) / 99 * 100 + kMillisecond)
    return false;
  const Nanos way = std::max<Nanos>((received - sent) - (back - there), 0);
  ++round_trips_;
  fastest_ = std::min(fastest_, way);
  slowest_ = std::max(slowest_, way);

  Interval interval;
  interval.at = sent + (received - sent) / 2;
  interval.least = back - received;
  interval.most = std::max(there - sent, interval.least);
  newest_.push_back(interval);
  if (newest_.size() > kNewest) newest_.pop_front();
  interval.stretch = interval.at / stretch_length_;
  if (intervals_.empty() || intervals_.back().stretch < interval.stretch) {
    intervals_.push_back(interval);
    if (intervals_.size() > kMostIntervals) Halve();
  } else if (interval.width() < intervals_.back().width()) {
    interval.stretch = intervals_.back().stretch;
    intervals_.back() = interval;
  }
  return true;
}

// Stretches twice as long: of two that become one, the narrower interval stays.
void ClockSync::Halve() {
  stretch_length_ *= 2;
  std::vector<Interval> kept;
  for (Interval& interval : intervals_) {
    interval.stretch = interval.at / stretch_length_;
    if (kept.empty() || kept.back().stretch < interval.stretch) {
      kept.push_back(interval);
    } else if (interval.width() < kept.back().width()) {
      kept.back() = interval;
    }
  }
  intervals_ = std::move(kept);
}

ClockSync::Offset ClockSync::At(Nanos now) const {
  const auto widened = [now](const Interval& interval) {
    const Nanos by = MostDrift(now - interval.at);
    return Interval{.least = interval.least - by, .most = interval.most + by};
  };
  Interval common = widened(intervals_.front());
  Interval narrowest = common;
  const auto look = [&](const Interval& interval) {
    const Interval wide = widened(interval);
    common.least = std::max(common.least, wide.least);
    common.most = std::min(common.most, wide.most);
    if (wide.width() < narrowest.width()) narrowest = wide;
  };
  std::for_each(intervals_.begin(), intervals_.end(), look);
  std::for_each(newest_.begin(), newest_.end(), look);
  // A clock that was faster than any should be: what is nearest counts.
  if (common.most < common.least) common = narrowest;
  return {common.least + common.width() / 2, (common.width() + 1) / 2};
}

std::optional<ClockSync::Drift> ClockSync::drift() const {
  if (intervals_.empty()) return std::nullopt;
  const Interval& first = intervals_.front();
  const Interval& last = intervals_.back();
  if (last.at - first.at < kSecond) return std::nullopt;
  const auto time = static_cast<double>(last.at - first.at);
  const auto middle = [](const Interval& interval) {
    return static_cast<double>(interval.least) + static_cast<double>(interval.width()) / 2;
  };
  return Drift{.ppm = (middle(last) - middle(first)) / time * 1e6,
               .error_ppm = static_cast<double>(first.width() + last.width()) / 2 / time * 1e6};
}

std::optional<StartSpread> SpreadOf(const std::vector<Moment>& moments) {
  if (moments.size() < 2) return std::nullopt;
  Moment first = moments.front();
  Moment last = first;
  Nanos earliest = kForever;  // that somebody surely began by
  Nanos latest = 0;           // that somebody surely had not begun before
  Nanos lower = kForever;
  Nanos upper = 0;
  for (const Moment& moment : moments) {
    if (moment.at < first.at) first = moment;
    if (moment.at > last.at) last = moment;
    earliest = std::min(earliest, moment.at + moment.error);
    latest = std::max(latest, moment.at - moment.error);
    lower = std::min(lower, moment.at - moment.error);
    upper = std::max(upper, moment.at + moment.error);
  }
  const Nanos spread = last.at - first.at;
  const Nanos least = std::max<Nanos>(latest - earliest, 0);
  return StartSpread{spread, std::max(spread - least, upper - lower - spread)};
}

}  // namespace squall
