#include "controller/snapshot_check.h"

#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/metrics.h"
#include "common/plan_check.h"
#include "common/protocol.h"
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

absl::Status SumUpRequests(v1::Snapshot& snapshot, size_t requests) {
  const absl::Status wrong =
      absl::InvalidArgumentError("it tells of requests by name what cannot be");
  v1::Metrics& of_all = *snapshot.mutable_metrics();
  if (requests == 0) return snapshot.requests().empty() ? absl::OkStatus() : wrong;
  if (of_all.succeeded() != 0 || of_all.failed() != 0) return wrong;
  Metrics sum;
  size_t next = 0;
  for (const v1::RequestMetrics& entry : snapshot.requests()) {
    const v1::Metrics& metrics = entry.metrics();
    const absl::StatusOr<DecodedMetrics> decoded = DecodedMetrics::Of(metrics);
    if (!decoded.ok()) return decoded.status();
    const uint64_t left = UINT64_MAX - sum.recorded();
    if (entry.request() < next || entry.request() >= requests || metrics.addresses_size() != 0 ||
        metrics.waited() != 0 || metrics.succeeded() + metrics.failed() > left) {
      return wrong;
    }
    next = entry.request() + size_t{1};
    sum.Merge(*decoded);
  }
  v1::Metrics whole = sum.ToProto();
  whole.mutable_timings()->Swap(of_all.mutable_timings());
  whole.mutable_addresses()->Swap(of_all.mutable_addresses());
  whole.set_waited(of_all.waited());
  whole.set_waited_beside_free(of_all.waited_beside_free());
  of_all = std::move(whole);
  return absl::OkStatus();
}

absl::StatusOr<v1::Metrics> SumUpSteps(const v1::Snapshot& snapshot) {
  const absl::Status wrong = absl::InvalidArgumentError("it tells of steps what cannot be");
  Metrics sum;
  std::string_view before;
  if (static_cast<size_t>(snapshot.requests_size()) > kMaxSteps + 1) return wrong;
  for (const v1::RequestMetrics& entry : snapshot.requests()) {
    const v1::Metrics& metrics = entry.metrics();
    const absl::StatusOr<DecodedMetrics> decoded = DecodedMetrics::Of(metrics);
    if (!decoded.ok()) return decoded.status();
    const uint64_t left = UINT64_MAX - sum.recorded();
    if (!CheckRequestName(entry.name()).ok() || entry.name() <= before || entry.request() != 0 ||
        metrics.addresses_size() != 0 || metrics.waited_beside_free() != 0 ||
        metrics.waited() > metrics.succeeded() + metrics.failed() ||
        metrics.succeeded() + metrics.failed() > left) {
      return wrong;
    }
    before = entry.name();
    sum.Merge(*decoded);
  }
  // Some may have been under a rate, and others not: nobody can be told to do that.
  v1::Metrics whole = sum.ToProto();
  if (absl::Status status = DecodedMetrics::Of(whole).status(); !status.ok()) return status;
  return whole;
}

absl::StatusOr<CheckedSnapshot> CheckSnapshot(const v1::Snapshot& snapshot, Nanos longest,
                                              uint32_t most_in_flight) {
  auto held = RunsFromProto(snapshot.held());
  auto dropped = RunsFromProto(snapshot.dropped());
  auto unsent = RunsFromProto(snapshot.unsent());
  for (const auto* runs : {&held, &dropped, &unsent}) {
    if (!runs->ok()) return runs->status();
  }
  const v1::Metrics& metrics = snapshot.metrics();
  absl::StatusOr<DecodedMetrics> decoded = DecodedMetrics::Of(metrics);
  if (!decoded.ok()) return decoded.status();
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
  const uint64_t dropped_count = CountOf(*dropped);
  const uint64_t unsent_count = CountOf(*unsent);
  return CheckedSnapshot{
      .metrics = *std::move(decoded),
      .closing = {*std::move(held), *std::move(dropped), *std::move(unsent)},
      .flight = *flight,
      .dropped = dropped_count,
      .unsent = unsent_count,
  };
}

}  // namespace squall
