#include "controller/run_verdict.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/phases.h"

namespace squall {
namespace {

using Stage = Member::Stage;

Parallelism ParallelismOf(const RunEvidence& evidence, const RunOrder& order, const Roster& roster,
                          const Allotment& allotment, Nanos elapsed) {
  const Nanos begin = allotment.BeginOf(allotment.phases() - 1);
  std::vector<ParallelismRecord::Agent> agents;
  for (const auto& member : roster) {
    ParallelismRecord::Agent& agent = agents.emplace_back();
    agent.name = member->result.name;
    agent.asked = member->result.concurrency;
    if (member->result.clock) agent.clock_error = member->result.clock->error;
    agent.told_all = member->stage == Stage::kDone;
    agent.fence = member->heard_at + order.times.fence() - begin;
  }
  // Users that think are not in flight.
  const bool closed_loop = !MeasuredPhase(order.plan).has_arrivals() && !order.plan.users();
  return evidence.parallelism().Finish(closed_loop ? order.plan.concurrency() : 0, elapsed, agents);
}

// Also says why there is none where the user asked for it.
std::optional<ServerParallelism> ServerOf(const RunEvidence& evidence, const RunOrder& order,
                                          RunResult& result) {
  const auto& addresses = result.fleet.addresses;
  const auto answered = std::count_if(addresses.begin(), addresses.end(),
                                      [](const auto& entry) { return entry.second.requests != 0; });
  std::optional<ServerParallelism> server =
      evidence.server().Finish(result.elapsed, static_cast<size_t>(answered));
  if (server || order.plan.server_counts().empty()) return server;
  std::string why = evidence.server().failure();
  if (why.empty()) why = "agents have heard nothing of it, or of several servers";
  result.notes.push_back(
      fmt::format("the server's own count is not known (--server-counts): {}", why));
  return server;
}

// How many more were in flight near the end of `length` than in the middle.
double GrowthOf(const Parallelism& parallelism, Nanos length) {
  constexpr size_t kLeast = 4;
  std::vector<double> means;
  for (const ParallelismPoint& point : parallelism.series) {
    if (point.at + parallelism.point_length <= length) means.push_back(point.mean);
  }
  if (means.size() < kLeast) return 0;
  return means.back() - means[means.size() / 2];
}

uint64_t RefusalsOf(const Metrics& metrics) {
  return metrics.statuses[429] + metrics.statuses[503] + metrics.statuses[504] +
         metrics.failures[v1::FAILURE_KIND_TIMEOUT] + metrics.failures[v1::FAILURE_KIND_REFUSED];
}

VerdictFacts FactsOf(const RunEvidence& evidence, const RunOrder& order, const Roster& roster,
                     const Allotment& allotment, const RunResult& result) {
  const v1::Phase& phase = MeasuredPhase(order.plan);
  VerdictFacts facts;
  for (size_t i = 0; i < roster.size(); ++i) {
    const AgentResult& agent = roster[i].result;
    if (!agent.clock) continue;
    const Histogram service = agent.metrics.Expand().success_service;
    facts.agents.push_back({.name = agent.name,
                            .evidence = evidence.Of(i),
                            .succeeded = service.count(),
                            .p50 = static_cast<Nanos>(service.Quantile(0.5)),
                            .p99 = static_cast<Nanos>(service.Quantile(0.99))});
  }
  const Metrics steps = result.steps.Sum();
  const Metrics& fleet = order.plan.users() ? steps : result.fleet;
  facts.open_loop = phase.has_arrivals();
  facts.users = order.plan.users();
  facts.concurrency = order.plan.concurrency();
  facts.bound_given = !allotment.fixed_bounds();
  facts.rate = static_cast<double>(phase.arrivals().rate_nano()) * 1e-9;
  facts.elapsed = result.elapsed;
  facts.planned = result.planned;
  facts.recorded = fleet.recorded();
  facts.not_started = result.dropped + result.unsent;
  facts.waited = fleet.waited;
  facts.refusals = RefusalsOf(fleet);
  facts.succeeded = fleet.succeeded;
  facts.service_mean = fleet.success_service.Mean();
  if (facts.service_mean > 0) {
    facts.service_variation = fleet.success_service.StandardDeviation() / facts.service_mean;
  }
  facts.flight = evidence.parallelism().Sum();
  const Nanos length =
      phase.duration_ns() == 0 ? result.elapsed : std::min(phase.duration_ns(), result.elapsed);
  facts.flight_growth = GrowthOf(*result.parallelism, length);
  return facts;
}

}  // namespace

void TellEvidence(const RunEvidence& evidence, const RunOrder& order, const Roster& roster,
                  const Allotment& allotment, RunResult& result) {
  result.parallelism = ParallelismOf(evidence, order, roster, allotment, result.elapsed);
  result.parallelism->server = ServerOf(evidence, order, result);
  const auto& error = result.parallelism->littles_law_error;
  if (error && *error > kMostLittlesLawError) {
    result.notes.push_back(
        fmt::format("what was in flight and the service times differ by {:.1f} % (Little's law): "
                    "a fault in squall's measurement; please report it",
                    100 * *error));
  }
  result.verdict = Judge(FactsOf(evidence, order, roster, allotment, result));
  // Those are of requests, and the result's are of flows.
  if (evidence.tainted_service().count() == 0 || order.plan.users()) return;
  result.tainted = {evidence.tainted_service(), evidence.tainted_response()};
}

}  // namespace squall
