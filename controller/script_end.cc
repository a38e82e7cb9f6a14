#include "controller/script_end.h"

#include <initializer_list>
#include <utility>
#include <vector>

#include "common/metrics.h"

namespace squall {

ScriptSummary ScriptSummaryOf(const RunResult& result) {
  const Metrics steps = result.steps.Sum();
  const Metrics& fleet = result.plan.users() ? steps : result.fleet;
  const auto failures = [&fleet](std::initializer_list<v1::FailureKind> kinds) {
    uint64_t sum = 0;
    for (const v1::FailureKind kind : kinds) sum += fleet.failures[static_cast<size_t>(kind)];
    return sum;
  };
  ScriptSummary summary;
  summary.duration = result.elapsed;
  summary.requests = fleet.responses();
  summary.bytes = fleet.bytes_received;
  summary.connect =
      failures({v1::FAILURE_KIND_RESOLVE, v1::FAILURE_KIND_REFUSED, v1::FAILURE_KIND_CONNECT,
                v1::FAILURE_KIND_TLS, v1::FAILURE_KIND_POLICY});
  summary.read = failures({v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE, v1::FAILURE_KIND_INCOMPLETE,
                           v1::FAILURE_KIND_INVALID_RESPONSE});
  summary.write = failures({v1::FAILURE_KIND_SEND});
  summary.timeout = failures({v1::FAILURE_KIND_TIMEOUT, v1::FAILURE_KIND_CUT_OFF});
  for (size_t status = Metrics::kMinFailedStatus; status < Metrics::kStatuses; ++status) {
    summary.status += fleet.statuses[status];
  }
  Histogram latency = fleet.success_service;
  latency.Merge(fleet.failure_service);
  summary.latency = ScriptStats::Of(latency);
  std::vector<double> rates;
  for (const AgentResult& agent : result.agents) {
    const uint64_t recorded = agent.metrics.Expand().recorded();
    if (recorded != 0 && result.elapsed > 0) {
      rates.push_back(static_cast<double>(recorded) * 1e9 / static_cast<double>(result.elapsed));
    }
  }
  summary.rates = ScriptStats::Of(std::move(rates));
  return summary;
}

absl::Status EndScript(const RunResult& result, Script::Print print) {
  if (!result.plan.has_script()) return absl::OkStatus();
  const auto script = Script::Load(result.plan, 0, nullptr);
  if (!script.ok()) return script.status();
  return CallScriptDone(**script, ScriptSummaryOf(result), result.script_threads, std::move(print));
}

}  // namespace squall
