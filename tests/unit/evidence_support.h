// Vitals that show signs, for tests: far above each threshold.
#pragma once

#include <vector>

#include <gtest/gtest.h>

#include "controller/agent_evidence.h"

namespace squall {

inline constexpr IntervalLoad kUsualLoad{.requests = 1000, .service_sum = 1e9};

inline void ShowSign(Sign sign, v1::Vitals& vitals) {
  const Nanos length = vitals.end_ns() - vitals.begin_ns();
  switch (sign) {
    case Sign::kCpuWaited:
      return vitals.set_cpu_wait_ns(length * vitals.workers() * 3 / 4);
    case Sign::kCpuUsed:
      return vitals.set_cpu_most_ns(length);
    case Sign::kLate:
      return vitals.set_late_most_ns(length * 3 / 4);
    case Sign::kThrottled:
      return vitals.set_throttled_ns(length * 3 / 4);
    case Sign::kStolen:
      return vitals.set_host_steal(0.75);
    case Sign::kLinkFull:
      vitals.set_link_bytes_per_second(12'500'000);
      return vitals.set_link_received_bytes(static_cast<uint64_t>(length / kMillisecond) * 12'400);
    case Sign::kLinkQueue:
      vitals.set_path_best_rtt_ns(200'000);
      return vitals.set_path_rtt_ns(kSecond / 2);
    case Sign::kLinkLoss:
      vitals.set_tcp_sent_segments(100'000);
      return vitals.set_tcp_retransmitted_segments(25'000);
    case Sign::kNoPort:
      vitals.set_ports(28'232);
      return vitals.set_without_port(500);
    case Sign::kNoFile:
      vitals.set_file_limit(1024);
      return vitals.set_without_file(500);
  }
}

inline v1::Vitals VitalsWith(Nanos begin, Nanos end, const std::vector<Sign>& signs) {
  v1::Vitals vitals;
  vitals.set_begin_ns(begin);
  vitals.set_end_ns(end);
  vitals.set_workers(2);
  vitals.set_interface("eth0");
  for (const Sign sign : signs) ShowSign(sign, vitals);
  return vitals;
}

// Of `seconds`, of which the last `showing` show the signs.
inline AgentEvidence EvidenceOf(int seconds, int showing, const std::vector<Sign>& signs) {
  AgentEvidence evidence;
  for (int i = 0; i < seconds; ++i) {
    const bool shows = i >= seconds - showing;
    const v1::Vitals vitals =
        VitalsWith(i * kSecond, (i + 1) * kSecond, shows ? signs : std::vector<Sign>());
    EXPECT_EQ(evidence.Add(i * kSecond, (i + 1) * kSecond, vitals, kUsualLoad),
              shows && !signs.empty());
  }
  return evidence;
}

}  // namespace squall
