#include "controller/run_evidence.h"

#include "common/decoded_metrics.h"

namespace squall {

void RunEvidence::Add(size_t agent, const v1::Snapshot& snapshot, const CheckedSnapshot& checked,
                      Nanos zero, bool measured) {
  const DecodedMetrics& metrics = checked.metrics;
  const DecodedHistogram& successes = metrics[MetricsPart::kSuccessService];
  const DecodedHistogram& failures = metrics[MetricsPart::kFailureService];
  const DecodedHistogram& responses = metrics[MetricsPart::kSuccessResponse];
  const double service = static_cast<double>(successes.sum) + static_cast<double>(failures.sum);
  parallelism_.Add(agent, checked.flight, zero, measured);
  parallelism_.AddService(agent, service);
  if (snapshot.has_server()) server_.Add(agent, snapshot.server(), zero);
  if (agent >= agents_.size()) agents_.resize(agent + 1);
  OfAgent& of = agents_[agent];
  Pending& pending = of.pending;
  if (measured) {
    pending.load.requests += successes.count + failures.count;
    pending.load.service_sum += service;
  }
  if (!snapshot.has_vitals()) {
    if (!measured) return;
    pending.service.Merge(successes);
    pending.response.Merge(responses);
    return;
  }
  const v1::Vitals& vitals = snapshot.vitals();
  of.tainted =
      of.evidence.Add(vitals.begin_ns() - zero, vitals.end_ns() - zero, vitals, pending.load);
  of.told = true;
  if (measured && of.tainted) {
    tainted_service_.Merge(successes);
    tainted_response_.Merge(responses);
  }
  Settle(pending, of.tainted);
}

void RunEvidence::Settle(Pending& pending, bool tainted) {
  if (tainted) {
    tainted_service_.Merge(pending.service.Expand());
    tainted_response_.Merge(pending.response.Expand());
  }
  pending = {};
}

// What an agent was not able to tell the vitals of is as it was before.
void RunEvidence::End() {
  for (OfAgent& of : agents_) Settle(of.pending, of.tainted);
}

const AgentEvidence* RunEvidence::Of(size_t agent) const {
  return agent < agents_.size() && agents_[agent].told ? &agents_[agent].evidence : nullptr;
}

}  // namespace squall
