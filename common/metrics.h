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
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/histogram.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// What the service time of a whole response is made of, one part after the other. Nanoseconds;
// negative: there was no such part.
struct Timings {
  Nanos resolve = -1;  // only with a connection opened for the request, like the next two
  Nanos connect = -1;
  Nanos tls = -1;
  Nanos first_byte = -1;  // from a usable connection to the first byte of the answer
  Nanos transfer = -1;    // from there to the last byte
};

// The outcome of one request.
struct Outcome {
  // FAILURE_KIND_NONE if a whole response came, otherwise why not. Never FAILURE_KIND_STATUS:
  // the rule on statuses is applied by Metrics::Add.
  v1::FailureKind kind = v1::FAILURE_KIND_NONE;
  // With FAILURE_KIND_NONE: the response's, 100 to 999. Not looked at otherwise.
  uint32_t status = 0;
  // Header and body as HTTP sees them.
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  // Connections opened for it.
  uint32_t connections = 0;
  // Sent a second time on a fresh connection, as the first one was closed before any answer.
  bool resent = false;
  Timings timings;
  // Where the answer came from: a number of the run's AddressTable, or kNoAddress.
  static constexpr uint32_t kNoAddress = UINT32_MAX;
  uint32_t address = kNoAddress;
  // For a failure: the first bytes of the body, or the transport's message. Borrowed for the call.
  std::string_view detail;
};

struct Metrics {
  static constexpr size_t kSamplesPerKind = 3;    // of each kind, and of each status
  static constexpr size_t kMaxSamples = 64;       // of all kinds together
  static constexpr size_t kMaxDetailBytes = 256;  // of one sample
  static constexpr uint32_t kMinStatus = 100;
  static constexpr uint32_t kStatuses = 1000;  // statuses are below this
  static constexpr uint32_t kMinFailedStatus = 400;

  struct Sample {
    v1::FailureKind kind;  // not NONE
    uint32_t status;       // 0 unless the kind is STATUS
    uint64_t number;
    std::string detail;

    friend bool operator==(const Sample&, const Sample&) = default;
  };

  // Adds request `number` with its service time in nanoseconds. Success is a whole response with a
  // status below 400; everything else is a failure. Allocates only for what it meets first: a row
  // of a histogram, or a failure that is kept as a sample.
  void Add(uint64_t number, uint64_t service_ns, const Outcome& outcome);

  void Merge(const Metrics& other);
  void Clear();  // keeps memory

  uint64_t recorded() const { return succeeded + failed; }
  // Whole responses, of whatever status.
  uint64_t responses() const;

  v1::Metrics ToProto() const;
  // INVALID_ARGUMENT if it contradicts itself (e.g. succeeded is not its histogram's count) or
  // ToProto() could not have made it.
  static absl::StatusOr<Metrics> FromProto(const v1::Metrics& proto);

  uint64_t succeeded = 0;
  uint64_t failed = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  uint64_t connections = 0;
  Histogram success_service;
  Histogram failure_service;
  std::array<uint64_t, kStatuses> statuses{};
  std::array<uint64_t, v1::FailureKind_ARRAYSIZE> failures{};  // by kind; STATUS and NONE stay 0
  // Of each kind and each status those with the lowest numbers. The first of each come first, then
  // the second of each, then the third; by number among these. What exceeds kMaxSamples is cut off
  // at the end, so that a rare failure is not crowded out by frequent ones.
  std::vector<Sample> samples;
};

// The name of a kind in reports and in JSON: "connection refused", "timeout", … A status failure is
// named by its status elsewhere ("status 404").
std::string_view FailureName(v1::FailureKind kind);

}  // namespace squall
