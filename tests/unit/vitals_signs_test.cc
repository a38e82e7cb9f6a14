#include "controller/vitals_signs.h"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr Thresholds kIs = kThresholds;
constexpr double kTime = kSecond;  // of each interval
constexpr uint32_t kWorkers = 4;
constexpr uint64_t kMany = 1'000'000;

v1::Vitals OfASecond() {
  v1::Vitals vitals;
  vitals.set_begin_ns(5 * kSecond);
  vitals.set_end_ns(6 * kSecond);
  vitals.set_workers(kWorkers);
  return vitals;
}

Nanos Rounded(double nanos) { return std::llround(nanos); }
uint64_t Count(double count) { return static_cast<uint64_t>(std::llround(count)); }

void SetPath(double best, double queue, v1::Vitals& vitals) {
  vitals.set_path_best_rtt_ns(Rounded(best));
  vitals.set_path_rtt_ns(Rounded(best + queue));
}

// Requests that take so long that no queue is a good part of it.
void SetVerySlow(IntervalLoad& load) { load = {.requests = 1, .service_sum = 1e15}; }

struct Case {
  std::string name;
  Sign sign;
  // At `scale` times the threshold.
  std::function<void(double scale, v1::Vitals&, IntervalLoad&)> set;
};

const std::vector<Case> kCases = {
    {"all workers wait", Sign::kCpuWaited,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_cpu_wait_ns(Rounded(scale * kIs.cpu_waited * kTime * kWorkers));
     }},
    {"one worker waits", Sign::kCpuWaited,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_cpu_wait_most_ns(Rounded(scale * kIs.cpu_waited_most * kTime));
     }},
    {"one worker runs", Sign::kCpuUsed,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_cpu_most_ns(Rounded(scale * kIs.cpu_used * kTime));
     }},
    {"late", Sign::kLate,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_late_most_ns(Rounded(scale * kIs.late * kTime));
     }},
    {"throttled", Sign::kThrottled,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_throttled_ns(Rounded(scale * kIs.throttled * kTime));
     }},
    {"stolen", Sign::kStolen,
     [](double scale, v1::Vitals& v, IntervalLoad&) { v.set_host_steal(scale * kIs.stolen); }},
    {"receiving fills the link", Sign::kLinkFull,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_link_bytes_per_second(kMany);
       v.set_link_received_bytes(Count(scale * kIs.link_used * kMany));
     }},
    {"sending fills the link", Sign::kLinkFull,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_link_bytes_per_second(kMany);
       v.set_link_sent_bytes(Count(scale * kIs.link_used * kMany));
     }},
    {"a queue, by its length", Sign::kLinkQueue,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       SetPath(1000, scale * static_cast<double>(kIs.queue_least), v);
     }},
    {"a queue, by how many times", Sign::kLinkQueue,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       const double best = 10 * static_cast<double>(kIs.queue_least);
       SetPath(best, (scale * kIs.queue_times - 1) * best, v);
     }},
    {"a queue, by its part of the service time", Sign::kLinkQueue,
     [](double scale, v1::Vitals& v, IntervalLoad& load) {
       const double queue = 1.5 * static_cast<double>(kIs.queue_least);
       SetPath(1000, scale * queue, v);
       load = {.requests = 10, .service_sum = 10 * queue / kIs.queue_of_service};
     }},
    {"a long queue, by its length", Sign::kLinkQueue,
     [](double scale, v1::Vitals& v, IntervalLoad& load) {
       SetPath(1000, scale * static_cast<double>(kIs.queue_long), v);
       SetVerySlow(load);
     }},
    {"a long queue, by how many times", Sign::kLinkQueue,
     [](double scale, v1::Vitals& v, IntervalLoad& load) {
       const auto best = static_cast<double>(kIs.queue_long);
       SetPath(best, (scale * kIs.queue_long_times - 1) * best, v);
       SetVerySlow(load);
     }},
    {"long round trips of connections in use", Sign::kLinkQueue,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_path_best_rtt_ns(1000);
       v.set_connection_rtt_ns(Rounded(scale * static_cast<double>(kIs.round_trip_long)));
     }},
    {"round trips of connections in use, by how many times", Sign::kLinkQueue,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       const auto best = static_cast<double>(kIs.round_trip_long);
       v.set_path_best_rtt_ns(Rounded(best));
       v.set_connection_rtt_ns(Rounded(scale * kIs.queue_long_times * best));
     }},
    {"segments sent again", Sign::kLinkLoss,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_tcp_sent_segments(kMany);
       v.set_tcp_retransmitted_segments(Count(scale * kIs.lost * kMany));
     }},
    {"segments out of order", Sign::kLinkLoss,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_tcp_received_segments(kMany);
       v.set_tcp_out_of_order_segments(Count(scale * kIs.lost * kMany));
     }},
    {"segments enough to tell", Sign::kLinkLoss,
     [](double scale, v1::Vitals& v, IntervalLoad&) {
       v.set_tcp_sent_segments(Count(scale * static_cast<double>(kIs.lost_segments)));
       v.set_tcp_retransmitted_segments(v.tcp_sent_segments());
     }},
    {"no port", Sign::kNoPort,
     [](double scale, v1::Vitals& v, IntervalLoad& load) {
       load.requests = kMany;
       v.set_without_port(Count(scale * kIs.unopened * kMany));
     }},
    {"no file", Sign::kNoFile,
     [](double scale, v1::Vitals& v, IntervalLoad& load) {
       load.requests = kMany;
       v.set_without_file(Count(scale * kIs.unopened * kMany));
     }},
};

TEST(VitalsSignsTest, EachIsThereFromItsThresholdOn) {
  for (const Case& test : kCases) {
    for (const double scale : {0.98, 1.02}) {
      SCOPED_TRACE(test.name + (scale < 1 ? " below" : " above"));
      v1::Vitals vitals = OfASecond();
      IntervalLoad load;
      test.set(scale, vitals, load);
      const Signs signs = Inspect(vitals, load);
      for (size_t i = 0; i < kSigns; ++i) {
        const bool there = scale > 1 && i == static_cast<size_t>(test.sign);
        EXPECT_EQ(signs[i] != 0, there) << SignName(static_cast<Sign>(i));
      }
    }
  }
}

TEST(VitalsSignsTest, TellsHowStrongTheyAre) {
  v1::Vitals vitals = OfASecond();
  vitals.set_cpu_wait_ns(Rounded(0.5 * kTime * kWorkers));
  vitals.set_cpu_wait_most_ns(Rounded(0.75 * kTime));
  vitals.set_link_bytes_per_second(kMany);
  vitals.set_link_received_bytes(2 * kMany);
  vitals.set_link_sent_bytes(kMany);
  vitals.set_link_sent_peak_per_second(3 * kMany);
  SetPath(1e6, 99e6, vitals);
  const Signs signs = Inspect(vitals, {});
  EXPECT_DOUBLE_EQ(signs[static_cast<size_t>(Sign::kCpuWaited)], 0.5);
  EXPECT_DOUBLE_EQ(signs[static_cast<size_t>(Sign::kLinkFull)], 2);
  EXPECT_DOUBLE_EQ(signs[static_cast<size_t>(Sign::kLinkQueue)], 100);
  EXPECT_DOUBLE_EQ(LinkRate(vitals), 2.0 * kMany);
  EXPECT_DOUBLE_EQ(LinkPeak(vitals), 3.0 * kMany);
}

TEST(VitalsSignsTest, WhatIsNotKnownIsNoSign) {
  struct Unknown {
    const char* name;
    std::function<void(v1::Vitals&)> set;
  };
  const Unknown kUnknown[] = {
      {"all", [](v1::Vitals& v) { v.Clear(); }},
      {"the link's speed", [](v1::Vitals& v) { v.set_link_received_bytes(1'000 * kMany); }},
      {"the best round trip",
       [](v1::Vitals& v) {
         v.set_path_rtt_ns(kSecond);
         v.set_connection_rtt_ns(kSecond);
       }},
      {"the round trip", [](v1::Vitals& v) { v.set_path_best_rtt_ns(1); }},
      {"segments sent", [](v1::Vitals& v) { v.set_tcp_retransmitted_segments(kMany); }},
  };
  for (const Unknown& test : kUnknown) {
    v1::Vitals vitals = OfASecond();
    test.set(vitals);
    EXPECT_EQ(Inspect(vitals, {.requests = 100, .service_sum = 1e9}), Signs{}) << test.name;
  }
}

}  // namespace
}  // namespace squall
