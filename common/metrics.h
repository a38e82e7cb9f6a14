// What a set of requests came to: counters, histograms and a few samples of failures.
//
// Plain data that merges exactly; one per worker, per agent and for the fleet. What a merge comes
// to depends neither on the order of merging nor on the split, samples included. Counts and bytes
// are sums modulo 2^64: the caller merges each request once, so that they stay below. Not
// thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/failure_samples.h"
#include "common/histogram.h"
#include "common/timings.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class DecodedMetrics;

// How long one request took. Nanoseconds.
struct Latency {
  Nanos service = 0;  // end - actual start
  // Schedule lag: actual start - intended start. Negative: none was intended (a closed loop). With
  // it there is a response time, end - intended start: the sum of both.
  Nanos lag = -1;
  // The number was granted again after the loss of another agent. Looked at in an open loop only.
  bool again = false;
};

// The outcome of one request.
struct Outcome {
  // FAILURE_KIND_NONE if a whole response came, otherwise why not. Never one that IsOfAnswer().
  v1::FailureKind kind = v1::FAILURE_KIND_NONE;
  // With FAILURE_KIND_NONE: what the plan's checks say of the response, FAILURE_KIND_NONE or one
  // that IsOfAnswer(). Absent: the plan has none, and Metrics::Add applies the rule on statuses.
  std::optional<v1::FailureKind> judged = {};
  // With FAILURE_KIND_NONE: the response's, 100 to 999. Not looked at otherwise.
  uint32_t status = 0;
  // Header and body as HTTP sees them.
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  // Connections opened for it.
  uint32_t connections = 0;
  // Sent a second time on a fresh connection, as the first one was closed before any answer.
  bool resent = false;
  Timings timings = {};
  // Where the answer came from: a number of the run's AddressTable, or kNoAddress.
  static constexpr uint32_t kNoAddress = UINT32_MAX;
  uint32_t address = kNoAddress;
  // For a failure: the first bytes of the body, or the transport's message. Borrowed for the call.
  std::string_view detail = {};
};

// What an address came to.
struct AddressCounts {
  uint64_t connections = 0;  // opened or tried
  uint64_t requests = 0;     // whole responses from there

  AddressCounts& operator+=(const AddressCounts& other) {
    connections += other.connections;
    requests += other.requests;
    return *this;
  }
  friend bool operator==(const AddressCounts&, const AddressCounts&) = default;
};

struct Metrics {
  using Sample = FailureSample;

  static constexpr size_t kMaxDetailBytes = FailureSample::kMaxDetailBytes;
  static constexpr uint32_t kMinStatus = 100;
  static constexpr uint32_t kStatuses = 1000;  // statuses are below this
  static constexpr uint32_t kMinFailedStatus = 400;
  // What one agent may name, with room for the longest path of a unix socket.
  static constexpr size_t kMaxAddresses = 4096;
  static constexpr size_t kMaxAddressBytes = 256;

  // Adds request `number`. Success is a whole response that the plan's checks let pass, without any
  // one with a status below 400; everything else is a failure. Allocates only for what it meets
  // first: a row of a histogram, or a failure that is kept as a sample. The address is not looked
  // at: it has no name yet.
  void Add(uint64_t number, const Latency& latency, const Outcome& outcome) {
    Add(number, latency, outcome, timings);
  }
  // The same; what its time was spent on goes to others' timings.
  void Add(uint64_t number, const Latency& latency, const Outcome& outcome,
           TimingHistograms& timings_of_all);

  void Merge(const Metrics& other);
  // Costs what is in it, not what there could be.
  void Merge(const DecodedMetrics& other);
  void Clear();  // keeps memory, but for names of addresses

  uint64_t recorded() const { return succeeded + failed; }
  // Requests had intended starts. Also false if nothing was recorded.
  bool open_loop() const { return schedule_lag.count() > 0; }
  // Whole responses, of whatever status.
  uint64_t responses() const;

  v1::Metrics ToProto() const;
  // Errors are those of DecodedMetrics::Of().
  static absl::StatusOr<Metrics> FromProto(const v1::Metrics& proto);

  uint64_t succeeded = 0;
  uint64_t failed = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  uint64_t connections = 0;
  uint64_t resent = 0;
  Histogram success_service;
  Histogram failure_service;
  // Open loop only; otherwise empty. Of the same requests as the service times.
  Histogram success_response;
  Histogram failure_response;
  Histogram schedule_lag;  // of all
  // The part of success_response that is of numbers granted again.
  Histogram success_response_again;
  // Open loop only: requests that found every connection of their worker busy when they were due,
  // and of these the ones for which another worker of the same agent had one free. Counted when
  // they begin to wait.
  uint64_t waited = 0;
  uint64_t waited_beside_free = 0;
  TimingHistograms timings;
  std::map<std::string, AddressCounts> addresses;
  std::array<uint64_t, kStatuses> statuses{};
  std::array<uint64_t, kStatuses> failed_statuses{};  // of these, failures because of their status
  std::array<uint64_t, v1::FailureKind_ARRAYSIZE> failures{};  // by kind; STATUS and NONE stay 0
  std::vector<Sample> samples;                                 // see failure_samples.h
};

// A kind that whole responses fail by: they are counted by status as well.
constexpr bool IsOfAnswer(v1::FailureKind kind) {
  return kind == v1::FAILURE_KIND_STATUS ||
         (kind >= v1::FAILURE_KIND_HEADER && kind <= v1::FAILURE_KIND_SCRIPT_RESPONSE);
}

// How many responses of a status are failures because of it.
uint64_t FailedOf(const v1::StatusCount& entry);

// The name of a kind in reports and in JSON: "connection refused", "timeout", … A status failure is
// named by its status elsewhere ("status 404").
std::string_view FailureName(v1::FailureKind kind);

}  // namespace squall
