#include "controller/run_evidence.h"

#include "absl/numeric/int128.h"

namespace squall {
namespace {

double SumOf(const v1::Histogram& histogram) {
  return static_cast<double>(absl::MakeUint128(histogram.sum_high(), histogram.sum_low()));
}

}  // namespace

void RunEvidence::Add(size_t agent, const v1::Snapshot& snapshot, const Flight& flight, Nanos zero,
                      bool measured) {
  const v1::Metrics& metrics = snapshot.metrics();
  const double service = SumOf(metrics.success_service()) + SumOf(metrics.failure_service());
  parallelism_.Add(agent, flight, zero, measured);
  parallelism_.AddService(agent, service);
  if (snapshot.has_server()) server_.Add(agent, snapshot.server(), zero);
  if (agent >= agents_.size()) agents_.resize(agent + 1);
  OfAgent& of = agents_[agent];
  Pending& pending = of.pending;
  if (measured) {
    pending.load.requests += metrics.succeeded() + metrics.failed();
    pending.load.service_sum += service;
  }
  if (!snapshot.has_vitals()) {
    if (!measured) return;
    pending.service.Merge(metrics.success_service());
    pending.response.Merge(metrics.success_response());
    return;
  }
  const v1::Vitals& vitals = snapshot.vitals();
  of.tainted =
      of.evidence.Add(vitals.begin_ns() - zero, vitals.end_ns() - zero, vitals, pending.load);
  of.told = true;
  if (measured && of.tainted) {
    tainted_service_.Merge(metrics.success_service());
    tainted_response_.Merge(metrics.success_response());
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
