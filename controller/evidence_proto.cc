#include "controller/evidence_proto.h"

#include <cmath>

#include "absl/status/statusor.h"

namespace squall {
namespace {

v1::Parallelism ToProto(const Parallelism& parallelism) {
  v1::Parallelism proto;
  proto.set_asked(parallelism.asked);
  proto.set_mean(parallelism.mean);
  proto.set_error(parallelism.error);
  proto.set_min(parallelism.min);
  proto.set_max(parallelism.max);
  if (parallelism.steady) {
    v1::Parallelism::Steady& steady = *proto.mutable_steady();
    steady.set_mean(parallelism.steady->mean);
    steady.set_share(parallelism.steady->share);
    steady.set_ramp_up_ns(parallelism.steady->ramp_up);
    steady.set_tail_ns(parallelism.steady->tail);
  }
  if (parallelism.littles_law_error) proto.set_littles_law_error(*parallelism.littles_law_error);
  for (const AgentParallelism& agent : parallelism.agents) {
    v1::Parallelism::Agent& entry = *proto.add_agents();
    entry.set_name(agent.name);
    entry.set_asked(agent.asked);
    entry.set_mean(agent.mean);
    entry.set_least(agent.least);
    entry.set_most(agent.most);
  }
  proto.set_point_length_ns(parallelism.point_length);
  for (const ParallelismPoint& point : parallelism.series) {
    v1::Parallelism::Point& entry = *proto.add_series();
    entry.set_at_ns(point.at);
    entry.set_mean(point.mean);
    entry.set_least(point.least);
    entry.set_most(point.most);
  }
  if (const auto& server = parallelism.server) {
    v1::Parallelism::Server& entry = *proto.mutable_server();
    entry.set_target(server->target);
    if (server->mean) entry.set_mean(*server->mean);
    entry.set_from_ns(server->from);
    entry.set_to_ns(server->to);
    if (server->most) entry.set_most(*server->most);
    if (server->peak) entry.set_peak(*server->peak);
  }
  return proto;
}

bool FromProto(const v1::Parallelism& proto, Parallelism& parallelism) {
  parallelism.asked = proto.asked();
  parallelism.mean = proto.mean();
  parallelism.error = proto.error();
  parallelism.min = proto.min();
  parallelism.max = proto.max();
  bool finite = std::isfinite(proto.mean()) && std::isfinite(proto.error()) &&
                std::isfinite(proto.min()) && std::isfinite(proto.max()) &&
                std::isfinite(proto.littles_law_error());
  if (proto.has_steady()) {
    const v1::Parallelism::Steady& steady = proto.steady();
    parallelism.steady = {.mean = steady.mean(),
                          .share = steady.share(),
                          .ramp_up = steady.ramp_up_ns(),
                          .tail = steady.tail_ns()};
    if (proto.asked() == 0 || steady.ramp_up_ns() < 0 || steady.tail_ns() < 0) return false;
    finite = finite && std::isfinite(steady.mean()) && std::isfinite(steady.share());
  }
  if (proto.has_littles_law_error()) parallelism.littles_law_error = proto.littles_law_error();
  for (const v1::Parallelism::Agent& entry : proto.agents()) {
    parallelism.agents.push_back(
        {entry.name(), entry.asked(), entry.mean(), entry.least(), entry.most()});
    finite = finite && std::isfinite(entry.mean());
  }
  parallelism.point_length = proto.point_length_ns();
  for (const v1::Parallelism::Point& entry : proto.series()) {
    parallelism.series.push_back({entry.at_ns(), entry.mean(), entry.least(), entry.most()});
    finite = finite && std::isfinite(entry.mean());
  }
  if (!proto.has_server()) return finite;
  const v1::Parallelism::Server& entry = proto.server();
  ServerParallelism& server = parallelism.server.emplace();
  server.target = entry.target();
  server.from = entry.from_ns();
  server.to = entry.to_ns();
  if (entry.has_mean()) server.mean = entry.mean();
  if (entry.has_most()) server.most = entry.most();
  if (entry.has_peak()) server.peak = entry.peak();
  return finite && std::isfinite(entry.mean()) && entry.from_ns() >= 0 &&
         entry.to_ns() >= entry.from_ns();
}

v1::Verdict ToProto(const Verdict& verdict) {
  v1::Verdict proto;
  proto.set_limit(static_cast<uint32_t>(verdict.limit));
  proto.set_confidence(static_cast<uint32_t>(verdict.confidence));
  for (const std::string& agent : verdict.agents) proto.add_agents(agent);
  proto.set_summary(verdict.summary);
  for (const Evidence& evidence : verdict.evidence) {
    v1::Verdict::Evidence& entry = *proto.add_evidence();
    entry.set_agent(evidence.agent);
    entry.set_text(evidence.text);
  }
  for (const AgentTaint& taint : verdict.tainted) {
    v1::Verdict::Taint& entry = *proto.add_tainted();
    entry.set_agent(taint.agent);
    entry.set_from_ns(taint.interval.from);
    entry.set_to_ns(taint.interval.to);
    for (uint32_t sign = 0; sign < kSigns; ++sign) {
      if (taint.interval.signs[sign]) entry.add_signs(sign);
    }
  }
  for (const OutlierAgent& outlier : verdict.outliers) {
    v1::Verdict::Outlier& entry = *proto.add_outliers();
    entry.set_name(outlier.name);
    entry.set_p50_ns(outlier.p50);
    entry.set_p99_ns(outlier.p99);
    entry.set_others_p50_ns(outlier.others_p50);
    entry.set_others_p99_ns(outlier.others_p99);
  }
  return proto;
}

bool FromProto(const v1::Verdict& proto, Verdict& verdict) {
  if (proto.limit() > static_cast<uint32_t>(Limit::kMixed) ||
      proto.confidence() > static_cast<uint32_t>(Confidence::kHigh)) {
    return false;
  }
  verdict.limit = static_cast<Limit>(proto.limit());
  verdict.confidence = static_cast<Confidence>(proto.confidence());
  verdict.agents.assign(proto.agents().begin(), proto.agents().end());
  verdict.summary = proto.summary();
  for (const v1::Verdict::Evidence& entry : proto.evidence()) {
    verdict.evidence.push_back({entry.agent(), entry.text()});
  }
  for (const v1::Verdict::Taint& entry : proto.tainted()) {
    AgentTaint& taint = verdict.tainted.emplace_back();
    taint.agent = entry.agent();
    taint.interval.from = entry.from_ns();
    taint.interval.to = entry.to_ns();
    int64_t last = -1;
    for (const uint32_t sign : entry.signs()) {
      if (sign >= kSigns || sign <= last) return false;
      last = sign;
      taint.interval.signs[sign] = true;
    }
  }
  for (const v1::Verdict::Outlier& entry : proto.outliers()) {
    if (entry.p50_ns() < 0 || entry.p99_ns() < 0 || entry.others_p50_ns() < 0 ||
        entry.others_p99_ns() < 0) {
      return false;
    }
    verdict.outliers.push_back({entry.name(), entry.p50_ns(), entry.p99_ns(), entry.others_p50_ns(),
                                entry.others_p99_ns()});
  }
  return true;
}

}  // namespace

void EvidenceToProto(const RunResult& result, v1::RunResult& proto) {
  if (result.parallelism) *proto.mutable_parallelism() = ToProto(*result.parallelism);
  if (result.verdict) *proto.mutable_verdict() = ToProto(*result.verdict);
  if (result.tainted) {
    *proto.mutable_tainted()->mutable_service() = result.tainted->service.ToProto();
    *proto.mutable_tainted()->mutable_response() = result.tainted->response.ToProto();
  }
}

bool EvidenceFromProto(const v1::RunResult& proto, RunResult& result) {
  if (proto.has_parallelism()) {
    result.parallelism.emplace();
    if (!FromProto(proto.parallelism(), *result.parallelism)) return false;
  }
  if (proto.has_verdict()) {
    result.verdict.emplace();
    if (!FromProto(proto.verdict(), *result.verdict)) return false;
  }
  if (!proto.has_tainted()) return true;
  absl::StatusOr<Histogram> service = Histogram::FromProto(proto.tainted().service());
  absl::StatusOr<Histogram> response = Histogram::FromProto(proto.tainted().response());
  if (!service.ok() || !response.ok()) return false;
  result.tainted = {*std::move(service), *std::move(response)};
  return true;
}

}  // namespace squall
