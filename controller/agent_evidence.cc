#include "controller/agent_evidence.h"

#include <algorithm>

namespace squall {

bool AgentEvidence::Add(Nanos begin, Nanos end, const v1::Vitals& vitals,
                        const IntervalLoad& load) {
  last_ = vitals;
  begin = std::max<Nanos>(begin, 0);
  if (end <= begin) return false;
  const Nanos length = end - begin;
  time_ += length;
  cpu_ += static_cast<double>(vitals.cpu_ns());
  link_peak_ = std::max(link_peak_, LinkPeak(vitals));
  without_port_ += vitals.without_port();
  without_file_ += vitals.without_file();

  const Signs signs = Inspect(vitals, load);
  bool any = false;
  for (size_t i = 0; i < kSigns; ++i) {
    if (signs[i] == 0) continue;
    any = true;
    OfSign& of = signs_[i];
    if (of.time == 0) of.first = begin;
    const double before = of.figure * static_cast<double>(of.time);
    of.time += length;
    of.figure = (before + signs[i] * static_cast<double>(length)) / static_cast<double>(of.time);
  }
  if (!any) return false;
  const auto is = [&signs](Sign sign) { return signs[static_cast<size_t>(sign)] != 0; };
  if (is(Sign::kLinkFull) || is(Sign::kLinkQueue) || is(Sign::kLinkLoss)) {
    link_bytes_ += LinkRate(vitals) * static_cast<double>(length) * 1e-9;
    link_time_ += static_cast<double>(length);
  }
  if (is(Sign::kLinkQueue)) {
    path_rtt_ = std::max<Nanos>(vitals.path_rtt_ns(), vitals.connection_rtt_ns());
  }
  Taint(begin, end, signs);
  return true;
}

double AgentEvidence::ShareOf(Sign sign) const {
  if (time_ == 0) return 0;
  return static_cast<double>((*this)[sign].time) / static_cast<double>(time_);
}

// One that follows another is one with it; beyond the most, the last one grows.
void AgentEvidence::Taint(Nanos begin, Nanos end, const Signs& signs) {
  constexpr Nanos kGap = 10 * kMillisecond;
  tainted_time_ += end - begin;
  const bool follows = !tainted_.empty() && begin <= tainted_.back().to + kGap;
  if (!follows && tainted_.size() < kMostTainted) tainted_.push_back({.from = begin});
  TaintedInterval& interval = tainted_.back();
  interval.to = end;
  for (size_t i = 0; i < kSigns; ++i) interval.signs[i] = interval.signs[i] || signs[i] != 0;
}

}  // namespace squall
