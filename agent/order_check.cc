#include "agent/order_check.h"

#include <fmt/format.h>

#include "agent/calibration.h"
#include "agent/host_limits.h"
#include "agent/plan_policy.h"
#include "agent/port_limit.h"
#include "agent/source_addresses.h"
#include "common/digest.h"
#include "common/plan_check.h"
#include "common/protocol.h"
#include "common/run_id.h"

namespace squall {
namespace {

// A start that is further ahead than this is nobody's, in a clock that is surely not ours.
constexpr Nanos kFarthestStart = 60 * kSecond;

// Whether it has numbers, and all of them are such as snapshots may name: below 2^63.
bool IsValid(const v1::Span& span) {
  constexpr uint64_t kLargest = (uint64_t{1} << 63) - 1;
  return span.count() != 0 && span.stride() != 0 && span.first() <= kLargest &&
         span.count() - 1 <= (kLargest - span.first()) / span.stride();
}

// Running out of files in mid-run would look like a fault of the target.
absl::Status CheckFileLimit(const v1::Plan& plan, uint32_t concurrency, uint64_t limit) {
  if (plan.users()) return absl::OkStatus();  // they share what connections there can be
  const uint64_t streams = plan.transport().streams();
  const uint64_t connections = (concurrency + streams - 1) / streams;
  if (connections + kOtherFiles <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("its share of the concurrency needs {} connections, and it may open {} files: "
                  "raise its limit (ulimit -n, LimitNOFILE=), or lower -c",
                  connections, limit));
}

absl::Status CheckTimes(const v1::Prepare& prepare) {
  if (prepare.lease_ns() > 0 && prepare.grace_ns() / 2 >= prepare.lease_ns() &&
      prepare.grace_ns() <= kMaxDurationNs && prepare.snapshot_interval_ns() > 0 &&
      prepare.snapshot_interval_ns() <= prepare.lease_ns()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("prepare: lease, grace and interval do not fit together");
}

// It is to be the name of a file.
absl::Status CheckListName(const v1::Plan& plan) {
  if (!plan.has_urls() || plan.urls().sha256().size() == kSha256Bytes) return absl::OkStatus();
  return absl::InvalidArgumentError("plan: urls.sha256: not a SHA-256");
}

// It is to stand in a header.
absl::Status CheckRunId(const v1::Prepare& prepare) {
  if (!prepare.plan().request().tag() || IsRunId(prepare.run_id())) return absl::OkStatus();
  return absl::InvalidArgumentError("prepare: run_id: not as squall names runs");
}

}  // namespace

absl::Status CheckShare(const v1::Plan& plan, uint32_t concurrency, const Policy& policy,
                        uint64_t file_limit) {
  if (concurrency == 0 || concurrency > plan.concurrency()) {
    return absl::InvalidArgumentError("concurrency is not a share of the plan's");
  }
  const absl::Status status = CheckConnections(policy, plan, concurrency);
  return status.ok() ? CheckFileLimit(plan, concurrency, file_limit) : status;
}

absl::Status CheckPrepare(v1::Prepare& prepare, const Policy& policy, uint64_t file_limit) {
  absl::Status status = CheckPlan(prepare.plan());
  if (status.ok()) status = CheckListName(prepare.plan());
  if (status.ok()) status = CheckCalibration(prepare);
  if (status.ok()) status = CheckLimits(policy, prepare);
  if (status.ok()) status = CheckShare(prepare.plan(), prepare.concurrency(), policy, file_limit);
  if (status.ok()) status = CheckTimes(prepare);
  if (status.ok()) status = CheckRunId(prepare);
  if (status.ok()) status = KeepLocalSources(*prepare.mutable_plan()->mutable_transport());
  if (status.ok()) status = CheckPortLimit(prepare, LocalPorts());
  return status;
}

absl::Status CheckStart(const v1::Start& start, Nanos now) {
  if (start.at_ns() > now + kFarthestStart || start.lease_from_ns() > now + kFarthestStart ||
      start.at_ns() < now - kMaxDurationNs || start.lease_from_ns() < 0) {
    return absl::InvalidArgumentError("Start at a time that is not of this clock");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Span>> SpansOf(const v1::Grant& grant) {
  std::vector<Span> spans;
  for (const v1::Span& span : grant.spans()) {
    if (!IsValid(span)) {
      return absl::InvalidArgumentError("Grant of an empty span, or of numbers too large");
    }
    spans.push_back({span.first(), span.stride(), span.count()});
  }
  return spans;
}

}  // namespace squall
