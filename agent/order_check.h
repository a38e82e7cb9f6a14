// Whether what a controller wants can be done here, and makes sense.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/policy.h"
#include "common/clock.h"
#include "common/span.h"
#include "squall/v1/control.pb.h"

namespace squall {

// INVALID_ARGUMENT with what is wrong, or what this machine lacks; PERMISSION_DENIED with what the
// agent does not do, by its policy's limits. Leaves of the plan's addresses to send from those that
// are this machine's. May look names up.
absl::Status CheckPrepare(v1::Prepare& prepare, const Policy& policy, uint64_t file_limit);

// INVALID_ARGUMENT if it is no share of the plan's concurrency, or needs more files than may be
// open; PERMISSION_DENIED if it needs more connections than the policy lets it have.
absl::Status CheckShare(const v1::Plan& plan, uint32_t concurrency, const Policy& policy,
                        uint64_t file_limit);

// INVALID_ARGUMENT if it is at a time that cannot be of this machine's clock, which shows `now`.
absl::Status CheckStart(const v1::Start& start, Nanos now);

// INVALID_ARGUMENT for empty spans and numbers of 2^63 or more.
absl::StatusOr<std::vector<Span>> SpansOf(const v1::Grant& grant);

}  // namespace squall
