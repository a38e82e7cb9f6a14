// What an agent's vitals say of one interval: was it the agent, or its way to the server, that kept
// the load from being what it was to be?
//
// All thresholds of the verdict stand here. They were chosen by staged bottlenecks and are
// explained in docs/measurement.md. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/clock.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

enum class Sign {
  // Of the agent's machine.
  kCpuWaited,  // worker threads were able to run, and had no core
  kCpuUsed,    // a worker thread ran nearly all the time
  kLate,       // event loops woke up too late: the process was stopped, or starved
  kThrottled,  // its control group had used up its quota
  kStolen,     // other virtual machines had the cores
  // Of its way to the server.
  kLinkFull,   // the interface was as fast as it can be
  kLinkQueue,  // handshakes took far longer than without load
  kLinkLoss,   // segments were lost
  // What a system gives out so many of.
  kNoPort,
  kNoFile,
};
// As JSON names it.
std::string_view SignName(Sign sign);
inline constexpr size_t kSigns = static_cast<size_t>(Sign::kNoFile) + 1;

struct Thresholds {
  // Shares of the time.
  double cpu_waited = 0.15;      // the mean of all worker threads …
  double cpu_waited_most = 0.3;  // … or the one that waited most
  double cpu_used = 0.92;
  double late = 0.1;
  double throttled = 0.05;
  double stolen = 0.1;
  // Of the interface's speed.
  double link_used = 0.9;
  // A standing queue: handshakes take so much longer than at their best, and so many times that;
  // either is a good part of the service time, or it is long whatever that is.
  Nanos queue_least = kMillisecond;
  double queue_times = 2;
  double queue_of_service = 0.3;
  Nanos queue_long = 5 * kMillisecond;
  double queue_long_times = 4;
  // TCP's own round trips of connections in use are longer than any acknowledgement is delayed, and
  // so many times a handshake at its best: handshakes themselves may be lost then.
  Nanos round_trip_long = 250 * kMillisecond;
  // Of the segments, if there are enough of them to tell.
  double lost = 0.01;
  uint64_t lost_segments = 200;
  // Of the requests: connections that could not be tried.
  double unopened = 0.01;
  // An agent is limited by what it shows for such a part of its time.
  double long_enough = 0.3;
  // The server: what requests took at little load (or would take to drain), of what they take.
  double light_of_service = 0.75;
  uint64_t light_least = 8;
  double drain_of_expected = 0.75;
  uint64_t drain_least = 16;
  double drain_most_variation = 1.2;
  // Failures that say "too much": 429, 503, 504, timeouts, refused connections.
  double refusals = 0.05;
  // Under a rate: requests that were not started in time, or not finished in the time.
  double not_started = 0.02;
  double not_finished = 0.05;
  double waited = 0.1;
  // An agent is out of line if its median is so many times the others', and so much more.
  double outlier_times = 1.5;
  Nanos outlier_least = kMillisecond;
  uint64_t outlier_requests = 100;
  // Less than this tells nothing.
  uint64_t requests = 50;
  Nanos elapsed = 50 * kMillisecond;
};
inline constexpr Thresholds kThresholds;

// How strong each sign is, as its own figure: a share of the time, of the speed, of the segments or
// of the requests; for kLinkQueue, how many times a handshake took what it does at best. 0: not
// there, or not known.
using Signs = std::array<double, kSigns>;

// What goes with the vitals of an interval.
struct IntervalLoad {
  uint64_t requests = 0;   // recorded
  double service_sum = 0;  // ns
};

// Figures of signs that pass their thresholds; others are 0.
Signs Inspect(const v1::Vitals& vitals, const IntervalLoad& load);

// Bytes a second, the greater of both ways.
double LinkRate(const v1::Vitals& vitals);
double LinkPeak(const v1::Vitals& vitals);

}  // namespace squall
