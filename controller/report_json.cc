#include "controller/report_json.h"

#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/time/time.h"
#include "controller/headroom.h"
#include "controller/json_checks.h"
#include "controller/json_evidence.h"
#include "controller/summary.h"
#include "controller/vitals_sum.h"

namespace squall {
namespace {

using Json = nlohmann::ordered_json;

Json RunJson(const RunResult& result) {
  return {{"id", result.id},
          {"version", result.version},
          {"seed", result.plan.seed()},
          {"started_at",
           absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", result.started_at, absl::UTCTimeZone())},
          {"elapsed_ns", result.elapsed},
          {"state", StateName(result.state)}};
}

Json RequestJson(const v1::Request& request) {
  Json headers = Json::array();
  for (const v1::Header& header : request.headers()) {
    Json value = header.value();
    if (IsSecretHeader(header.name())) value = nullptr;
    headers.push_back({{"name", header.name()}, {"value", value}});
  }
  Json body_bytes;
  if (request.has_body()) body_bytes = request.body().size();
  return {{"method", request.method()},
          {"url", WithoutPassword(request.url())},
          {"headers", headers},
          {"body_bytes", body_bytes}};
}

Json OrderJson(v1::Order order) {
  switch (order) {
    case v1::ORDER_SEQUENTIAL:
      return "sequential";
    case v1::ORDER_SHUFFLED:
      return "shuffled";
    case v1::ORDER_RANDOM:
      return "random";
    default:
      return nullptr;
  }
}

Json UrlsJson(const v1::Plan& plan) {
  if (!plan.has_urls()) return nullptr;
  return {{"name", plan.urls().name()},
          {"size_bytes", plan.urls().size_bytes()},
          {"entries", plan.urls().entries()},
          {"order", OrderJson(plan.urls().order())}};
}

Json FeederJson(const v1::Plan& plan) {
  if (!plan.has_feeder()) return nullptr;
  const bool each = plan.feeder().order() == v1::ORDER_SEQUENTIAL;
  return {{"name", plan.feeder().name()},
          {"size_bytes", plan.feeder().size_bytes()},
          {"rows", plan.feeder().rows()},
          {"order", each ? "each" : OrderJson(plan.feeder().order())}};
}

Json TransportJson(const v1::Transport& transport) {
  const auto version = [&]() -> Json {
    switch (transport.http_version()) {
      case v1::HTTP_VERSION_1_1:
        return "1.1";
      case v1::HTTP_VERSION_2:
        return "2";
      default:
        return nullptr;
    }
  };
  const bool http1 = transport.kind() == v1::TRANSPORT_KIND_HTTP1;
  return {{"name", http1 ? "http1" : "curl"},
          {"http_version", version()},
          {"streams", transport.streams()},
          {"no_keepalive", transport.no_keepalive()},
          {"no_probe", transport.no_probe()},
          {"timeout_ns", transport.timeout_ns()},
          {"follow", transport.follow()},
          {"compressed", transport.compressed()},
          {"cookies", transport.cookies()},
          {"insecure", transport.insecure()},
          {"ca_pem_bytes", transport.ca_pem().size()},
          {"client_certificate_bytes", transport.client_certificate_pem().size()},
          {"proxy", WithoutPassword(transport.proxy())}};
}

Json ArrivalsJson(const v1::Phase& phase) {
  if (!phase.has_arrivals()) return nullptr;
  const v1::Arrivals& arrivals = phase.arrivals();
  Json max_backlog;
  if (arrivals.has_max_backlog()) max_backlog = arrivals.max_backlog();
  const bool poisson = arrivals.process() == v1::ARRIVAL_PROCESS_POISSON;
  return {{"process", poisson ? "poisson" : "constant"},
          {"requests_per_second", static_cast<double>(arrivals.rate_nano()) / 1e9},
          {"max_backlog", max_backlog}};
}

Json PhasesJson(const v1::Plan& plan) {
  Json json = Json::array();
  for (const v1::Phase& phase : plan.phases()) {
    json.push_back({{"measured", phase.measured()},
                    {"requests", phase.requests()},
                    {"duration_ns", phase.duration_ns()},
                    {"drain_ns", phase.drain_ns()},
                    {"arrivals", ArrivalsJson(phase)}});
  }
  return json;
}

Json ScriptJson(const v1::Plan& plan) {
  if (!plan.has_script()) return nullptr;
  return {{"name", plan.script().name()},
          {"text_bytes", plan.script().text().size()},
          {"arguments", plan.script().arguments_size()}};
}

Json PlanJson(const v1::Plan& plan) {
  return {{"seed", plan.seed()},
          {"request", RequestJson(plan.request())},
          {"urls", UrlsJson(plan)},
          {"templates", plan.templates()},
          {"feeder", FeederJson(plan)},
          {"script", ScriptJson(plan)},
          {"phases", PhasesJson(plan)},
          {"concurrency", plan.concurrency()},
          {"transport", TransportJson(plan.transport())},
          {"checks", plan.has_checks() ? ChecksJson(plan.checks()) : Json()},
          {"fail_fast", plan.fail_fast() == 0 ? Json() : Json(plan.fail_fast())},
          {"server_counts",
           plan.server_counts().empty() ? Json() : Json(WithoutPassword(plan.server_counts()))}};
}

Json WarmUpJson(const RunResult& result) {
  if (!result.warm_up) return nullptr;
  return {{"duration_ns", result.warm_up->duration},
          {"recorded", result.warm_up->recorded},
          {"failed", result.warm_up->failed},
          {"connections", result.warm_up->connections}};
}

Json TotalsJson(const RunResult& result) {
  const Metrics& fleet = result.fleet;
  Json oldest_unsent;
  if (result.unsent != 0) oldest_unsent = result.oldest_unsent;
  Json peak;
  if (PeakConnections(result) != 0) peak = PeakConnections(result);
  return {{"planned", result.planned},
          {"recorded", fleet.recorded()},
          {"succeeded", fleet.succeeded},
          {"failed", fleet.failed},
          {"bytes_received", fleet.bytes_received},
          {"bytes_sent", fleet.bytes_sent},
          {"connections", fleet.connections},
          {"resent", fleet.resent},
          {"requests_per_second", PerSecond(fleet.recorded(), result.elapsed)},
          {"dropped", result.dropped},
          {"unsent", result.unsent},
          {"oldest_unsent_ns", oldest_unsent},
          {"peak_connections", peak},
          {"possibly_repeated", result.possibly_repeated}};
}

Json CoverageJson(const RunResult& result) {
  if (!result.coverage) return nullptr;
  const CoverageResult& coverage = *result.coverage;
  const auto value = [](const std::optional<uint64_t>& number) {
    return number ? Json(*number) : Json();
  };
  Json passes = Json::array();
  for (const auto& [pass, count, held] : coverage.open_passes) {
    passes.push_back({{"pass", pass + 1}, {"held", held}, {"of", count * coverage.listed}});
  }
  return {{"listed", coverage.listed},
          {"distinct", coverage.distinct},
          {"missed", coverage.missed()},
          {"whole_passes", value(coverage.whole_passes)},
          {"passes", passes},
          {"more_passes", coverage.more_open_passes},
          {"times_least", value(coverage.times_least)},
          {"times_most", value(coverage.times_most)},
          {"possibly_repeated", result.possibly_repeated}};
}

// Of no values there is only the count; the rest is null, as 0 would be a lie.
Json HistogramJson(const Histogram& histogram) {
  const bool empty = histogram.count() == 0;
  const auto value = [empty](uint64_t nanos) { return empty ? Json() : Json(nanos); };
  const auto rounded = [&](double nanos) {
    return value(static_cast<uint64_t>(std::llround(nanos)));
  };
  Json json = {{"count", histogram.count()},
               {"min_ns", value(histogram.min())},
               {"mean_ns", rounded(histogram.Mean())},
               {"stddev_ns", rounded(histogram.StandardDeviation())},
               {"max_ns", value(histogram.max())}};
  for (const Percentile& percentile : kPercentiles) {
    json[std::string(percentile.key)] = value(histogram.Quantile(percentile.fraction()));
  }
  return json;
}

// Response times and all about waiting exist only where requests came at a rate.
Json LatencyJson(const Metrics& metrics) {
  const auto response = [&](const Histogram& histogram) {
    return metrics.open_loop() ? HistogramJson(histogram) : Json();
  };
  return {{"success",
           {{"service", HistogramJson(metrics.success_service)},
            {"response", response(metrics.success_response)},
            {"response_without_regranted",
             response(metrics.success_response.Without(metrics.success_response_again))}}},
          {"failure",
           {{"service", HistogramJson(metrics.failure_service)},
            {"response", response(metrics.failure_response)}}}};
}

// What was measured while no client was the limit.
void AddUntainted(const RunResult& result, Json& success) {
  const auto without = [&](const Histogram& all, const Histogram Tainted::*part) {
    return HistogramJson(result.tainted ? all.Without((*result.tainted).*part) : all);
  };
  success["service_untainted"] = without(result.fleet.success_service, &Tainted::service);
  success["response_untainted"] = result.fleet.open_loop()
                                      ? without(result.fleet.success_response, &Tainted::response)
                                      : Json();
}

Json TimingsJson(const TimingHistograms& timings) {
  return {{"resolve", HistogramJson(timings.resolve)},
          {"connect", HistogramJson(timings.connect)},
          {"tls", HistogramJson(timings.tls)},
          {"first_byte_fresh", HistogramJson(timings.first_byte_fresh)},
          {"first_byte_reused", HistogramJson(timings.first_byte_reused)},
          {"transfer_fresh", HistogramJson(timings.transfer_fresh)},
          {"transfer_reused", HistogramJson(timings.transfer_reused)}};
}

Json AddressesJson(const Metrics& metrics) {
  Json json = Json::array();
  for (const auto& [address, counts] : metrics.addresses) {
    json.push_back(
        {{"address", address}, {"connections", counts.connections}, {"requests", counts.requests}});
  }
  return json;
}

// What is told of the fleet and of each agent in the same way.
Json TimesJson(const Metrics& metrics) {
  const bool open_loop = metrics.open_loop();
  return {{"latency", LatencyJson(metrics)},
          {"schedule_lag", open_loop ? HistogramJson(metrics.schedule_lag) : Json()},
          {"waited", open_loop ? Json(metrics.waited) : Json()},
          {"waited_beside_free", open_loop ? Json(metrics.waited_beside_free) : Json()},
          {"timings", TimingsJson(metrics.timings)},
          {"addresses", AddressesJson(metrics)}};
}

Json ClocksJson(const RunResult& result) {
  Json agents = Json::array();
  for (const AgentResult& agent : result.agents) {
    if (!agent.clock) continue;
    const AgentClock& clock = *agent.clock;
    agents.push_back({{"name", agent.name},
                      {"offset_ns", clock.offset},
                      {"error_ns", clock.error},
                      {"rtt_ns", clock.rtt},
                      {"drift_ppm", clock.drift ? Json(clock.drift->ppm) : Json()},
                      {"drift_error_ppm", clock.drift ? Json(clock.drift->error_ppm) : Json()}});
  }
  const auto& spread = result.start_spread;
  return {{"agents", agents},
          {"start_spread_ns", spread ? Json(spread->spread) : Json()},
          {"start_spread_error_ns", spread ? Json(spread->error) : Json()}};
}

Json HeadroomJson(const RunResult& result) {
  const Headroom headroom = HeadroomOf(result);
  const auto known = [](const std::optional<double>& used) { return used ? Json(*used) : Json(); };
  Json agents = Json::array();
  for (const Headroom::Agent& agent : headroom.agents) {
    Json entry = {{"name", agent.name},
                  {"ceiling_per_second", nullptr},
                  {"measured_at", nullptr},
                  {"used", known(agent.used)}};
    if (agent.ceiling) {
      entry["ceiling_per_second"] = agent.ceiling->requests_per_second();
      entry["measured_at"] = MeasuredAt(*agent.ceiling);
    }
    agents.push_back(std::move(entry));
  }
  return {{"used", known(headroom.used)}, {"agents", agents}};
}

Json EventsJson(const RunResult& result) {
  Json json = Json::array();
  for (const RunEvent& event : result.events) {
    json.push_back({{"at_ns", event.at},
                    {"kind", EventName(event.kind)},
                    {"agent", event.agent},
                    {"detail", event.detail}});
  }
  return json;
}

Json StatusesJson(const Metrics& metrics) {
  Json json = Json::object();
  for (size_t status = 0; status < metrics.statuses.size(); ++status) {
    if (metrics.statuses[status] > 0) json[std::to_string(status)] = metrics.statuses[status];
  }
  return json;
}

Json TagJson(const RunResult& result) {
  if (!result.tag) return nullptr;
  Json runs;
  if (result.tag->recorded) {
    runs = Json::array();
    for (const NumberRun& run : *result.tag->recorded) {
      runs.push_back(Json::array({run.first, run.count}));
    }
  }
  return {{"run", result.tag->run}, {"recorded_runs", runs}};
}

Json ErrorsJson(const Metrics& metrics) {
  Json json = Json::array();
  for (const ErrorRow& row : ErrorRows(metrics)) {
    const std::string sample = row.samples.empty() ? "" : row.samples.front()->detail;
    json.push_back({{"kind", row.kind}, {"count", row.count}, {"sample", sample}});
  }
  return json;
}

Json AgentsJson(const RunResult& result) {
  Json json = Json::array();
  for (const AgentResult& agent : result.agents) {
    const Metrics metrics = agent.metrics.Expand();
    Json entry = {{"name", agent.name},
                  {"address", agent.address},
                  {"concurrency", agent.concurrency},
                  {"recorded", metrics.recorded()},
                  {"succeeded", metrics.succeeded},
                  {"failed", metrics.failed},
                  {"bytes_received", metrics.bytes_received},
                  {"bytes_sent", metrics.bytes_sent},
                  {"connections", metrics.connections},
                  {"resent", metrics.resent},
                  {"requests_per_second", PerSecond(metrics.recorded(), result.elapsed)}};
    entry.update(TimesJson(metrics));
    entry["host"] = {{"os", agent.host.os()},
                     {"machine", agent.host.machine()},
                     {"cores", agent.host.cores()},
                     {"version", agent.build}};
    entry["vitals"] = agent.vitals ? FieldsJson(*agent.vitals) : Json();
    json.push_back(std::move(entry));
  }
  return json;
}

}  // namespace

std::string JsonReport(const RunResult& result) {
  Json json = {{"run", RunJson(result)},        {"notes", result.notes},
               {"plan", PlanJson(result.plan)}, {"warmup", WarmUpJson(result)},
               {"totals", TotalsJson(result)},  {"coverage", CoverageJson(result)},
               {"tag", TagJson(result)}};
  json.update(TimesJson(result.fleet));
  AddUntainted(result, json["latency"]["success"]);
  json["status_codes"] = StatusesJson(result.fleet);
  json["errors"] = ErrorsJson(result.fleet);
  json["verdict"] = VerdictJson(result);
  json["parallelism"] = ParallelismJson(result);
  json["headroom"] = HeadroomJson(result);
  json["clocks"] = ClocksJson(result);
  json["events"] = EventsJson(result);
  json["agents"] = AgentsJson(result);
  constexpr int kIndent = 2;
  constexpr bool kAscii = true;
  return json.dump(kIndent, ' ', kAscii, Json::error_handler_t::replace) + "\n";
}

}  // namespace squall
