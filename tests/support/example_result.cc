#include "tests/support/example_result.h"

#include <array>
#include <string>
#include <utility>

#include "common/decoded_metrics.h"
#include "common/version.h"
#include "tests/support/outcomes.h"

namespace squall {
namespace {

constexpr Nanos kMicrosecond = 1000;

Nanos ServiceOf(uint64_t n) { return kMillisecond + static_cast<Nanos>(n % 1000) * kMicrosecond; }

Timings TimingsOf(uint64_t n, bool fresh) {
  Timings timings;
  timings.transfer = 100 * kMicrosecond;
  timings.first_byte = ServiceOf(n) - timings.transfer;
  if (fresh) {
    timings.resolve = 50 * kMicrosecond;
    timings.connect = 250 * kMicrosecond;
    timings.first_byte -= timings.resolve + timings.connect;
  }
  return timings;
}

Outcome OutcomeOf(uint64_t n) {
  Outcome outcome = Response(200);
  if (n < 2) outcome = Response(404, "<h1>not\r\n\tfound</h1>");
  if (n == 2) outcome = Response(503);
  if (n == 3 || n == 5) outcome = Failure(v1::FAILURE_KIND_TIMEOUT, "no answer");
  if (n == 4) outcome = Failure(v1::FAILURE_KIND_TIMEOUT, "waited in vain, \x1b[2Jclear");
  if (outcome.status > 0) outcome.bytes_received = 500;
  outcome.bytes_sent = 80;
  if (n % 1000 == 0) outcome.connections = 8;
  outcome.timings = TimingsOf(n, outcome.connections > 0);
  return outcome;
}

AgentResult Agent(std::string name, std::string address, uint32_t concurrency) {
  AgentResult agent;
  agent.name = std::move(name);
  agent.address = std::move(address);
  agent.build = "0.1.0";
  agent.host.set_os("Linux 6.1.0");
  agent.host.set_machine("x86_64");
  agent.host.set_cores(4);
  agent.concurrency = concurrency;
  return agent;
}

RunResult Example(bool open_loop) {
  RunResult result;
  result.id = "r-1";
  result.version = kVersion;
  result.plan.set_seed(42);
  result.plan.mutable_request()->set_method("GET");
  v1::UrlList* urls = result.plan.mutable_urls();
  urls->set_name("urls.txt");
  urls->set_size_bytes(34);
  urls->set_entries(2);
  urls->set_order(v1::ORDER_SHUFFLED);
  v1::Phase* phase = result.plan.add_phases();
  phase->set_measured(true);
  phase->set_requests(2000);
  phase->set_drain_ns(30 * kSecond);
  result.plan.set_concurrency(16);
  result.plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_HTTP1);
  result.plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
  result.plan.mutable_transport()->set_streams(1);
  result.plan.mutable_transport()->set_timeout_ns(30 * kSecond);
  result.started_at = absl::FromUnixMillis(1'700'000'000'123);
  result.elapsed = 4 * kSecond;
  result.planned = 2000;
  result.agents = {Agent("alpha", "10.0.0.1:7400", 8), Agent("beta", "10.0.0.2:7400", 8),
                   Agent("gamma", "10.0.0.3:7400", 0)};
  std::array<Metrics, 2> seen;  // by the first two agents
  for (uint64_t n = 0; n < 2000; ++n) {
    Latency latency;
    latency.service = ServiceOf(n);
    if (open_loop) latency.lag = static_cast<Nanos>(n % 10) * 100 * kMicrosecond;
    seen[n / 1000].Add(n, latency, OutcomeOf(n));
  }
  for (size_t i = 0; i < 2; ++i) {
    Metrics& metrics = seen[i];
    metrics.addresses["10.1.0." + std::to_string(i + 1) + ":80"] = {8, metrics.responses()};
    if (open_loop) {
      metrics.waited = 20;
      metrics.waited_beside_free = 1 + i;
    }
    const v1::Metrics proto = metrics.ToProto();
    result.agents[i].metrics.Merge(*DecodedMetrics::Of(proto));
    result.fleet.Merge(metrics);
  }
  result.agents[0].clock = {.offset = -3'600 * kSecond,
                            .error = 50 * kMicrosecond,
                            .rtt = 90 * kMicrosecond,
                            .drift = ClockSync::Drift{-12.5, 3}};
  result.agents[1].clock.emplace();
  result.start_spread = {.spread = 400 * kMicrosecond, .error = 200 * kMicrosecond};
  result.possibly_repeated = 5;
  result.coverage = {
      .listed = 2, .distinct = 2, .times_least = 1000, .times_most = 1000, .whole_passes = 1000};
  result.events = {{2 * kSecond, RunEvent::Kind::kLost, "beta", "out of reach for 10 s"},
                   {3 * kSecond, RunEvent::Kind::kRegranted, "beta", "7 requests"}};
  return result;
}

}  // namespace

RunResult ExampleResult() { return Example(false); }

RunResult ExampleOpenLoopResult() { return Example(true); }

RunResult ExampleMixResult() {
  RunResult result = Example(false);
  result.coverage.reset();
  result.plan.clear_urls();
  result.plan.clear_request();
  result.requests.resize(2);
  for (const auto& [name, weight] : {std::pair{"list", 3}, std::pair{"view", 1}}) {
    v1::NamedRequest& named = *result.plan.add_mix();
    named.set_name(name);
    named.set_weight(static_cast<uint32_t>(weight));
    named.mutable_request()->set_method("GET");
    named.mutable_request()->set_url(std::string("http://h/") + name);
  }
  for (uint64_t n = 0; n < 2000; ++n) {
    result.requests[n % 4 == 3 ? 1 : 0].Add(n, {.service = ServiceOf(n)}, OutcomeOf(n));
  }
  return result;
}

RunResult ExampleUsersResult() {
  RunResult result = Example(false);
  result.coverage.reset();
  result.plan.clear_urls();
  result.plan.mutable_request()->set_url("http://h/");
  result.plan.mutable_script()->set_name("shop.lua");
  result.plan.mutable_script()->set_text("function user(u) http.get('/') end");
  result.plan.set_users(true);
  for (uint64_t n = 0; n < 2000; ++n) {
    result.steps.Of("login").Add(n, {.service = 1 * kMillisecond}, {.status = 200});
    result.steps.Of("item").Add(n, {.service = ServiceOf(n)}, OutcomeOf(n));
  }
  result.steps.Of("item").waited = 3;
  return result;
}

}  // namespace squall
