// What a set of requests came to: counters, histograms and a few samples of failures.
//
// Plain data that merges exactly; one per worker, per agent and for the fleet. No allocation in
// Add() once its statuses, kinds and histogram rows have been seen. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/histogram.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// The outcome of one request.
struct Outcome {
  // FAILURE_KIND_NONE if a whole response came, otherwise why not. Never FAILURE_KIND_STATUS:
  // the rule on statuses is applied by Metrics::Add.
  v1::FailureKind kind = v1::FAILURE_KIND_NONE;
  // 100 to 999, or 0 if no whole response came.
  uint32_t status = 0;
  // Header and body as HTTP sees them.
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  // Connections opened for it.
  uint32_t connections = 0;
  // For a failure: the first bytes of the body, or the transport's message. Borrowed for the call.
  std::string_view detail;
};

struct Metrics {
  static constexpr size_t kSamplesPerKind = 3;    // of each kind, and of each status
  static constexpr size_t kMaxSamples = 64;       // of all kinds together
  static constexpr size_t kMaxDetailBytes = 256;  // of one sample
  static constexpr uint32_t kStatuses = 1000;     // statuses are below this

  struct Sample {
    v1::FailureKind kind;
    uint32_t status;
    uint64_t number;
    std::string detail;
  };

  // Adds request `number` with its service time in nanoseconds. Success is a whole response with a
  // status below 400; everything else is a failure.
  void Add(uint64_t number, uint64_t service_ns, const Outcome& outcome);

  void Merge(const Metrics& other);
  void Clear();  // keeps memory

  uint64_t recorded() const { return succeeded + failed; }
  // Whole responses, of whatever status.
  uint64_t responses() const;

  v1::Metrics ToProto() const;
  // INVALID_ARGUMENT if it contradicts itself (e.g. succeeded is not its histogram's count).
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
  std::vector<Sample> samples;
};

// The name of a kind in reports and in JSON: "connection refused", "timeout", … A status failure is
// named by its status elsewhere ("status 404").
std::string_view FailureName(v1::FailureKind kind);

}  // namespace squall
