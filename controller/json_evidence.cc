#include "controller/json_evidence.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace squall {
namespace {

using Json = nlohmann::ordered_json;

Json ServerJson(const std::optional<ServerParallelism>& server) {
  if (!server) return nullptr;
  const auto count = [](const std::optional<uint64_t>& number) {
    return number ? Json(*number) : Json();
  };
  return {{"target", server->target},
          {"mean", server->mean ? Json(*server->mean) : Json()},
          {"from_ns", server->mean ? Json(server->from) : Json()},
          {"to_ns", server->mean ? Json(server->to) : Json()},
          {"max", count(server->most)},
          {"peak_since_start", count(server->peak)}};
}

}  // namespace

Json ParallelismJson(const RunResult& result) {
  if (!result.parallelism) return nullptr;
  const Parallelism& parallelism = *result.parallelism;
  const auto& steady = parallelism.steady;
  const auto& law = parallelism.littles_law_error;
  const auto asked = [](uint64_t count) { return count == 0 ? Json() : Json(count); };
  Json agents = Json::array();
  for (const AgentParallelism& agent : parallelism.agents) {
    agents.push_back({{"name", agent.name},
                      {"asked", asked(agent.asked)},
                      {"mean", agent.mean},
                      {"instant_min", agent.least},
                      {"instant_max", agent.most}});
  }
  Json series = Json::array();
  for (const ParallelismPoint& point : parallelism.series) {
    series.push_back({{"at_ns", point.at},
                      {"mean", point.mean},
                      {"instant_min", point.least},
                      {"instant_max", point.most}});
  }
  return {{"asked", asked(parallelism.asked)},
          {"mean", parallelism.mean},
          {"error", parallelism.error},
          {"min", parallelism.min},
          {"max", parallelism.max},
          {"steady_mean", steady ? Json(steady->mean) : Json()},
          {"steady_share", steady ? Json(steady->share) : Json()},
          {"ramp_up_ns", steady ? Json(steady->ramp_up) : Json()},
          {"tail_ns", steady ? Json(steady->tail) : Json()},
          {"littles_law_error", law ? Json(*law) : Json()},
          {"server", ServerJson(parallelism.server)},
          {"agents", std::move(agents)},
          {"series_interval_ns", parallelism.point_length},
          {"series", std::move(series)}};
}

Json VerdictJson(const RunResult& result) {
  if (!result.verdict) return nullptr;
  const Verdict& verdict = *result.verdict;
  Json evidence = Json::array();
  for (const Evidence& entry : verdict.evidence) {
    evidence.push_back(
        {{"agent", entry.agent.empty() ? Json() : Json(entry.agent)}, {"text", entry.text}});
  }
  Json tainted = Json::array();
  for (const AgentTaint& entry : verdict.tainted) {
    Json signs = Json::array();
    for (size_t sign = 0; sign < kSigns; ++sign) {
      if (entry.interval.signs[sign]) signs.push_back(SignName(static_cast<Sign>(sign)));
    }
    tainted.push_back({{"agent", entry.agent},
                       {"from_ns", entry.interval.from},
                       {"to_ns", entry.interval.to},
                       {"signs", std::move(signs)}});
  }
  Json outliers = Json::array();
  for (const OutlierAgent& outlier : verdict.outliers) {
    outliers.push_back({{"agent", outlier.name},
                        {"p50_ns", outlier.p50},
                        {"p99_ns", outlier.p99},
                        {"others_p50_ns", outlier.others_p50},
                        {"others_p99_ns", outlier.others_p99}});
  }
  return {{"limit", LimitName(verdict.limit)}, {"confidence", ConfidenceName(verdict.confidence)},
          {"agents", verdict.agents},          {"summary", verdict.summary},
          {"evidence", std::move(evidence)},   {"tainted_intervals", std::move(tainted)},
          {"outliers", std::move(outliers)}};
}

}  // namespace squall
