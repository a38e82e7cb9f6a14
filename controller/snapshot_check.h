// What a snapshot says, if it makes sense by itself: then its metrics may be merged as they are,
// those of named requests as well.
#pragma once

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/decoded_metrics.h"
#include "common/flight.h"
#include "controller/ledger.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// Borrows the snapshot.
struct CheckedSnapshot {
  DecodedMetrics metrics;
  Closing closing = {};
  Flight flight = {};
  uint64_t dropped = 0;
  uint64_t unsent = 0;
};

// Makes a snapshot of a plan with so many named requests like any other: metrics becomes the sum of
// theirs, with what it has of all together. INVALID_ARGUMENT: they cannot be.
absl::Status SumUpRequests(v1::Snapshot& snapshot, size_t requests);

// Of a plan with users: what all their requests in a snapshot come to. INVALID_ARGUMENT: they
// cannot be.
absl::StatusOr<v1::Metrics> SumUpSteps(const v1::Snapshot& snapshot);

// `longest`: for how long its phase can have lasted
// by now; `most_in_flight`: requests of an agent. INVALID_ARGUMENT says what is wrong with it;
// whether the numbers are its agent's is the ledger's matter.
absl::StatusOr<CheckedSnapshot> CheckSnapshot(const v1::Snapshot& snapshot, Nanos longest,
                                              uint32_t most_in_flight);

}  // namespace squall
