// Sends requests through any transport, on a loop of its own, and keeps every outcome.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/transport.h"
#include "common/clock.h"
#include "common/timings.h"
#include "squall/v1/metrics.pb.h"
#include "squall/v1/plan.pb.h"

struct ev_loop;

namespace squall::testing {

// How a transport is made: what the tests of all transports are parametrised by.
using TransportFactory = absl::StatusOr<std::unique_ptr<Transport>> (*)(const TransportSetup&);

// How tagged requests call their run. Their numbers are the places of their URLs, from 0.
inline constexpr std::string_view kTestRun = "20261124T023500Z-1a2b";

// A GET over HTTP/1.1 with keep-alive and a timeout of 10 s.
v1::Plan SimplePlan();

// An outcome that outlives its call.
struct Seen {
  uint32_t slot = 0;
  Nanos start = 0;
  Nanos end = 0;
  v1::FailureKind kind = v1::FAILURE_KIND_NONE;
  uint32_t status = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  uint32_t connections = 0;
  bool resent = false;
  Timings timings;
  std::string detail;
  std::optional<v1::FailureKind> judged;
  std::string address;  // where the answer came from; empty: there was none
};

// Sends `urls` in their order, `slots` in flight at most: each slot takes the next one from within
// its outcome. In the order of their ends; a test failure if that takes more than 30 s. With
// `cut_off_after`, all is cut off after so long.
std::vector<Seen> SendAll(TransportFactory factory, const v1::Plan& plan, uint32_t slots,
                          const std::vector<std::string>& urls, Nanos cut_off_after = kForever);

// The same, with what is known of names in `network`.
struct Trip {
  std::vector<Seen> seen;
  std::map<std::string, uint32_t> tried;  // connections, by address
};
Trip SendOver(Network& network, TransportFactory factory, const v1::Plan& plan, uint32_t slots,
              const std::vector<std::string>& urls, Nanos cut_off_after = kForever);

// One request to `url`.
Seen SendOne(TransportFactory factory, const v1::Plan& plan, const std::string& url);

}  // namespace squall::testing
