#include "controller/report_json.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "absl/time/time.h"
#include "controller/headroom.h"
#include "controller/json_evidence.h"
#include "controller/json_metrics.h"
#include "controller/json_plan.h"
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

Json AgentsJson(const RunResult& result) {
  Json json = Json::array();
  for (const AgentResult& agent : result.agents) {
    const Metrics metrics = agent.metrics.Expand();
    Json entry = {
        {"name", agent.name}, {"address", agent.address}, {"concurrency", agent.concurrency}};
    entry.update(CountsJson(metrics, result.elapsed));
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

// What each named request came to; what only is told of all together is in the totals.
Json RequestsJson(const RunResult& result) {
  if (result.plan.mix().empty()) return nullptr;
  Json json = Json::array();
  for (int i = 0; i < result.plan.mix_size(); ++i) {
    const Metrics& metrics = result.requests[static_cast<size_t>(i)];
    const v1::NamedRequest& named = result.plan.mix(i);
    Json entry = {{"name", named.name()}, {"weight", named.weight()}};
    entry.update(CountsJson(metrics, result.elapsed));
    entry.update(TimesJson(metrics));
    for (const char* key : {"waited", "waited_beside_free", "timings", "addresses"}) {
      entry.erase(key);
    }
    entry["status_codes"] = StatusesJson(metrics);
    entry["errors"] = ErrorsJson(metrics);
    json.push_back(std::move(entry));
  }
  return json;
}

// What each step of users came to.
Json StepsJson(const RunResult& result) {
  if (!result.plan.users()) return nullptr;
  Json json = Json::array();
  for (const auto& [name, metrics] : result.steps.all()) {
    Json entry = {{"name", name}};
    entry.update(CountsJson(metrics, result.elapsed));
    entry.update(TimesJson(metrics));
    for (const char* key : {"waited_beside_free", "timings", "addresses"}) entry.erase(key);
    entry["waited"] = metrics.waited;
    entry["status_codes"] = StatusesJson(metrics);
    entry["errors"] = ErrorsJson(metrics);
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
  json["requests"] = RequestsJson(result);
  json["steps"] = StepsJson(result);
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
