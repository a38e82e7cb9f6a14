#include "controller/vitals_signs.h"

#include <algorithm>

namespace squall {
namespace {

double PerSecond(uint64_t bytes, double time) {
  return time > 0 ? static_cast<double>(bytes) * 1e9 / time : 0;
}

double TimeOf(const v1::Vitals& vitals) {
  return static_cast<double>(std::max<Nanos>(vitals.end_ns() - vitals.begin_ns(), 1));
}

// 0 where it does not reach the threshold.
double If(double figure, double threshold) { return figure >= threshold ? figure : 0; }

double Queue(const v1::Vitals& vitals, const IntervalLoad& load) {
  const Thresholds& is = kThresholds;
  if (!vitals.has_path_best_rtt_ns()) return 0;
  const auto best = static_cast<double>(std::max<Nanos>(vitals.path_best_rtt_ns(), 1));
  const double in_use = static_cast<double>(vitals.connection_rtt_ns()) / best;
  if (vitals.connection_rtt_ns() >= is.round_trip_long && in_use >= is.queue_long_times) {
    return in_use;
  }
  if (!vitals.has_path_rtt_ns()) return 0;
  const auto queue = static_cast<double>(vitals.path_rtt_ns()) - best;
  const double times = static_cast<double>(vitals.path_rtt_ns()) / best;
  const double service =
      load.requests == 0 ? 0 : load.service_sum / static_cast<double>(load.requests);
  const bool is_long = queue >= static_cast<double>(is.queue_long) && times >= is.queue_long_times;
  const bool is_part = queue >= static_cast<double>(is.queue_least) && times >= is.queue_times &&
                       queue >= is.queue_of_service * service;
  return is_long || is_part ? times : 0;
}

double Loss(const v1::Vitals& vitals) {
  const auto share = [](uint64_t part, uint64_t whole) {
    if (whole < kThresholds.lost_segments) return 0.0;
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  return std::max(share(vitals.tcp_retransmitted_segments(), vitals.tcp_sent_segments()),
                  share(vitals.tcp_out_of_order_segments(), vitals.tcp_received_segments()));
}

}  // namespace

std::string_view SignName(Sign sign) {
  static constexpr std::array<std::string_view, kSigns> kNames = {
      "cpu_waited", "cpu_used",   "late",      "throttled", "stolen",
      "link_full",  "link_queue", "link_loss", "no_port",   "no_file"};
  return kNames[static_cast<size_t>(sign)];
}

double LinkRate(const v1::Vitals& vitals) {
  return std::max(PerSecond(vitals.link_received_bytes(), TimeOf(vitals)),
                  PerSecond(vitals.link_sent_bytes(), TimeOf(vitals)));
}

double LinkPeak(const v1::Vitals& vitals) {
  return static_cast<double>(
      std::max(vitals.link_received_peak_per_second(), vitals.link_sent_peak_per_second()));
}

Signs Inspect(const v1::Vitals& vitals, const IntervalLoad& load) {
  const Thresholds& is = kThresholds;
  Signs signs{};
  const auto set = [&signs](Sign sign, double figure) {
    signs[static_cast<size_t>(sign)] = figure;
  };
  const double time = TimeOf(vitals);
  const auto share = [time](Nanos part) { return static_cast<double>(part) / time; };
  const double workers = std::max(vitals.workers(), 1u);
  const double waited = share(vitals.cpu_wait_ns()) / workers;
  const double waited_most = share(vitals.cpu_wait_most_ns());
  if (waited >= is.cpu_waited) {
    set(Sign::kCpuWaited, waited);
  } else {
    set(Sign::kCpuWaited, If(waited_most, is.cpu_waited_most));
  }
  set(Sign::kCpuUsed, If(share(vitals.cpu_most_ns()), is.cpu_used));
  set(Sign::kLate, If(share(vitals.late_most_ns()), is.late));
  set(Sign::kThrottled, If(share(vitals.throttled_ns()), is.throttled));
  set(Sign::kStolen, If(vitals.host_steal(), is.stolen));
  if (vitals.has_link_bytes_per_second()) {
    const auto speed = static_cast<double>(std::max<uint64_t>(vitals.link_bytes_per_second(), 1));
    set(Sign::kLinkFull, If(LinkRate(vitals) / speed, is.link_used));
  }
  set(Sign::kLinkQueue, Queue(vitals, load));
  set(Sign::kLinkLoss, If(Loss(vitals), is.lost));
  const auto requests = static_cast<double>(std::max<uint64_t>(load.requests, 1));
  set(Sign::kNoPort, If(static_cast<double>(vitals.without_port()) / requests, is.unopened));
  set(Sign::kNoFile, If(static_cast<double>(vitals.without_file()) / requests, is.unopened));
  return signs;
}

}  // namespace squall
