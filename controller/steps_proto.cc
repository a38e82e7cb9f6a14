#include "controller/steps_proto.h"

#include <cstddef>
#include <string>

#include <fmt/format.h>

#include "absl/status/statusor.h"
#include "common/plan_check.h"
#include "common/protocol.h"

namespace squall {
namespace {

absl::Status Damaged(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("is damaged: {}", what));
}

}  // namespace

void StepsToProto(const RunResult& result, v1::RunResult& proto) {
  for (const auto& [name, metrics] : result.steps.all()) {
    v1::RequestMetrics& entry = *proto.add_steps();
    entry.set_name(name);
    *entry.mutable_metrics() = metrics.ToProto();
  }
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

}  // namespace squall
