#include "controller/snapshot_check.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/metrics.h"
#include "common/span.h"
#include "controller/server_record.h"
#include "controller/vitals_sum.h"

namespace squall {
namespace {

uint64_t CountOf(const std::vector<Span>& spans) {
  uint64_t count = 0;
  for (const Span& span : spans) count += span.count;
  return count;
}

// What named requests came to is what all did.
absl::Status CheckRequests(const v1::Snapshot& snapshot, size_t requests) {
  uint64_t succeeded = snapshot.metrics().succeeded();
  uint64_t failed = snapshot.metrics().failed();
  size_t next = 0;
  for (const v1::RequestMetrics& entry : snapshot.requests()) {
    const v1::Metrics& metrics = entry.metrics();
    if (absl::Status status = Metrics::Check(metrics); !status.ok()) return status;
    if (entry.request() < next || entry.request() >= requests || metrics.addresses_size() != 0 ||
        metrics.waited() != 0 || metrics.succeeded() > succeeded || metrics.failed() > failed) {
      return absl::InvalidArgumentError("it tells of requests by name what cannot be");
    }
    next = entry.request() + size_t{1};
    succeeded -= metrics.succeeded();
    failed -= metrics.failed();
  }
  if (requests == 0 || (succeeded == 0 && failed == 0)) return absl::OkStatus();
  return absl::InvalidArgumentError("it tells of fewer requests by name than in all");
}

}  // namespace

absl::StatusOr<CheckedSnapshot> CheckSnapshot(const v1::Snapshot& snapshot, size_t requests,
                                              Nanos longest, uint32_t most_in_flight) {
  auto held = RunsFromProto(snapshot.held());
  auto dropped = RunsFromProto(snapshot.dropped());
  auto unsent = RunsFromProto(snapshot.unsent());
  for (const auto* runs : {&held, &dropped, &unsent}) {
    if (!runs->ok()) return runs->status();
  }
  const v1::Metrics& metrics = snapshot.metrics();
  if (absl::Status status = Metrics::Check(metrics); !status.ok()) return status;
  if (absl::Status status = CheckRequests(snapshot, requests); !status.ok()) return status;
  const uint64_t recorded = metrics.succeeded() + metrics.failed();
  if (const uint64_t count = CountOf(*held); count != recorded) {
    return absl::InvalidArgumentError(
        fmt::format("it sent {} results for {} requests", recorded, count));
  }
  if (snapshot.window_ns() < 0 || snapshot.window_ns() > longest ||
      snapshot.oldest_unsent_ns() < 0 || snapshot.oldest_unsent_ns() > longest) {
    return absl::InvalidArgumentError("it says that it runs for longer than it does");
  }
  if (snapshot.has_vitals() && !AreVitals(snapshot.vitals())) {
    return absl::InvalidArgumentError("it tells vitals that no machine can have");
  }
  if (!AreServerCounts(snapshot.server())) {
    return absl::InvalidArgumentError("it tells of a server what cannot be");
  }
  const absl::StatusOr<Flight> flight = Flight::FromProto(snapshot.flight(), most_in_flight);
  if (!flight.ok()) return flight.status();
  CheckedSnapshot checked;
  checked.flight = *flight;
  checked.dropped = CountOf(*dropped);
  checked.unsent = CountOf(*unsent);
  checked.closing = {*std::move(held), *std::move(dropped), *std::move(unsent)};
  return checked;
}

}  // namespace squall
