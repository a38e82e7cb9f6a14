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

}  // namespace

absl::StatusOr<CheckedSnapshot> CheckSnapshot(const v1::Snapshot& snapshot, Nanos longest,
                                              uint32_t most_in_flight) {
  auto held = RunsFromProto(snapshot.held());
  auto dropped = RunsFromProto(snapshot.dropped());
  auto unsent = RunsFromProto(snapshot.unsent());
  for (const auto* runs : {&held, &dropped, &unsent}) {
    if (!runs->ok()) return runs->status();
  }
  const v1::Metrics& metrics = snapshot.metrics();
  if (absl::Status status = Metrics::Check(metrics); !status.ok()) return status;
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
