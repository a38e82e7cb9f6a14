#include "agent/server_account.h"

#include <algorithm>

#include "common/values.h"

namespace squall {
namespace {

// By so much two clocks may come apart, in a nanosecond of so many.
constexpr Nanos kDriftIn = 10'000;
// A clock that is further off than that is not steady.
constexpr Nanos kJump = kSecond;

}  // namespace

void ServerAccount::Add(const ServerCounts& counts, Nanos asked, Nanos answered) {
  told_.clear_failure();
  if (IsAnother(counts) || HasJumped(counts, asked, answered)) StartAnew(counts);
  told_.set_id(counts.id);
  if (counts.peak) told_.set_peak(*counts.peak);
  if (counts.now) {
    SetClock(counts.now->at, asked, answered);
    if (!area_at_from_) FindBegin(counts);
    if (area_at_from_) Extend(*counts.now);
    last_area_ = counts.now->area;
  }
  if (answered >= begin_) FindMost(counts);
}

void ServerAccount::Fail(std::string_view why) { told_.set_failure(Quoted(why)); }

// The narrower the round trip, the better; but an old one grows worse.
void ServerAccount::SetClock(Nanos server, Nanos asked, Nanos answered) {
  const Nanos error = (answered - asked) / 2;
  const bool known = clock_.error != kForever;
  if (known && error > clock_.error + (asked - clock_.at) / kDriftIn) return;
  clock_ = {.offset = server - (asked + error), .error = error, .at = asked};
}

// Or the same one counts anew.
bool ServerAccount::IsAnother(const ServerCounts& counts) const {
  if (!any()) return false;
  if (counts.id != told_.id()) return true;
  return counts.id.empty() && counts.now && last_area_ && counts.now->area < *last_area_;
}

// The server's clock: what was told by it is of no use any more.
bool ServerAccount::HasJumped(const ServerCounts& counts, Nanos asked, Nanos answered) const {
  if (!counts.now || clock_.error == kForever) return false;
  const Nanos here = Here(counts.now->at);
  return here < asked - kJump || here > answered + kJump;
}

void ServerAccount::StartAnew(const ServerCounts& counts) {
  const bool target = told_.target();
  told_.Clear();
  told_.set_target(target);
  told_.set_id(counts.id);
  clock_ = {};
  area_at_from_.reset();
  last_area_.reset();
  first_peak_.reset();
}

void ServerAccount::From(Nanos at, const ServerCounts::Point& point) {
  told_.set_from_ns(at);
  area_at_from_ = point.area;
}

// The first point of the measured phase, or its very beginning, if nothing came or went between.
void ServerAccount::FindBegin(const ServerCounts& counts) {
  const Nanos earliest = begin_ - clock_.error;
  Nanos quiet_since = counts.history_since ? Here(*counts.history_since) : kForever;
  for (const ServerCounts::Interval& interval : counts.history) {
    const Nanos at = Here(interval.at);
    if (at >= earliest) {
      const bool idle = interval.in_flight == uint64_t{0} && quiet_since <= begin_;
      return From(idle ? begin_ : std::max(at, begin_), interval);
    }
    quiet_since = at + counts.interval;
  }
  const Nanos now = Here(counts.now->at);
  if (now < begin_) return;
  const bool idle = counts.now->in_flight == uint64_t{0} && quiet_since <= begin_;
  From(idle ? begin_ : now, *counts.now);
}

// Time does not go back, though the clock is known better now; nor do sums of several threads,
// which are not looked at in one instant.
void ServerAccount::Extend(const ServerCounts::Point& now) {
  told_.set_to_ns(std::max({told_.to_ns(), told_.from_ns(), Here(now.at)}));
  told_.set_area(std::max(now.area, *area_at_from_) - *area_at_from_);
  told_.clear_in_flight();
  if (now.in_flight) told_.set_in_flight(*now.in_flight);
  const auto length = static_cast<double>(told_.to_ns() - told_.from_ns());
  if (length == 0) told_.clear_area();
  if (static_cast<double>(told_.area()) <= length * ServerCounts::kMostInFlight) return;
  told_.clear_from_ns();
  told_.clear_to_ns();
  told_.clear_area();
  told_.clear_in_flight();
  area_at_from_.reset();
  told_.set_failure("in_flight_ns grows faster than it can");
}

// A peak without times is the measured phase's if it has risen in it.
void ServerAccount::FindMost(const ServerCounts& counts) {
  for (const ServerCounts::Interval& interval : counts.history) {
    if (Here(interval.at) < begin_ - clock_.error) continue;
    told_.set_most(std::max(told_.most(), interval.most));
  }
  if (counts.history_since || !counts.peak) return;
  if (!first_peak_) first_peak_ = counts.peak;
  if (*counts.peak > *first_peak_) told_.set_most(*counts.peak);
}

}  // namespace squall
