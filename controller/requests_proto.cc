#include "controller/requests_proto.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/status/statusor.h"
#include "common/plan_check.h"
#include "common/protocol.h"

namespace squall {
namespace {

absl::Status Damaged(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("is damaged: {}", what));
}

// What named requests came to: in number what the agents saw.
absl::Status ReadNamed(const v1::RunResult& proto, RunResult& result) {
  constexpr std::string_view kNotAll = "its requests by name are not all that were recorded";
  if (proto.requests_size() != result.plan.mix_size()) return Damaged("it lacks requests by name");
  uint64_t succeeded = result.fleet.succeeded;
  uint64_t failed = result.fleet.failed;
  for (const v1::Metrics& entry : proto.requests()) {
    absl::StatusOr<Metrics> metrics = Metrics::FromProto(entry);
    if (!metrics.ok()) return Damaged(std::string(metrics.status().message()));
    if (metrics->succeeded > succeeded || metrics->failed > failed) return Damaged(kNotAll);
    succeeded -= metrics->succeeded;
    failed -= metrics->failed;
    result.requests.push_back(*std::move(metrics));
  }
  if (proto.requests().empty() || (succeeded == 0 && failed == 0)) return absl::OkStatus();
  return Damaged(kNotAll);
}

absl::Status ReadSteps(const v1::RunResult& proto, RunResult& result) {
  const auto count = static_cast<size_t>(proto.steps_size());
  if (count > kMaxSteps + 1 || (count != 0 && !result.plan.users())) {
    return Damaged("it has steps of no users");
  }
  std::string_view before;
  uint64_t recorded = 0;
  for (const v1::RequestMetrics& entry : proto.steps()) {
    const absl::StatusOr<Metrics> metrics = Metrics::FromProto(entry.metrics());
    if (!metrics.ok()) return Damaged(std::string(metrics.status().message()));
    if (!CheckRequestName(entry.name()).ok() || entry.name() <= before) {
      return Damaged("its steps have no names, or are out of order");
    }
    before = entry.name();
    // So no sum over the steps overflows that reports rely on.
    if (metrics->recorded() > UINT64_MAX - recorded) return Damaged("too many requests of steps");
    recorded += metrics->recorded();
    result.steps.Of(entry.name()).Merge(*metrics);
  }
  return absl::OkStatus();
}

}  // namespace

void RequestsToProto(const RunResult& result, v1::RunResult& proto) {
  for (const Metrics& metrics : result.requests) *proto.add_requests() = metrics.ToProto();
  for (const auto& [name, metrics] : result.steps.all()) {
    v1::RequestMetrics& entry = *proto.add_steps();
    entry.set_name(name);
    *entry.mutable_metrics() = metrics.ToProto();
  }
}

absl::Status ReadRequests(const v1::RunResult& proto, RunResult& result) {
  absl::Status status = ReadNamed(proto, result);
  return status.ok() ? ReadSteps(proto, result) : status;
}

}  // namespace squall
