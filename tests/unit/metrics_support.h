// Requests as a worker hands them to Metrics::Add(), with details of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/metrics.h"

namespace squall {

struct Request {
  uint64_t number = 0;
  Latency latency;
  v1::FailureKind kind = v1::FAILURE_KIND_NONE;
  uint32_t status = 0;
  std::string detail;
  Timings timings = {};
  std::optional<v1::FailureKind> judged = {};
};

// Every third opens a connection, and every eleventh is sent twice.
inline void Add(Metrics& metrics, const Request& request) {
  Outcome outcome;
  outcome.kind = request.kind;
  outcome.status = request.status;
  outcome.judged = request.judged;
  outcome.bytes_received = request.number % 1000;
  outcome.bytes_sent = request.number % 77;
  outcome.connections = request.number % 3 == 0 ? 1 : 0;
  outcome.resent = request.number % 11 == 0;
  outcome.timings = request.timings;
  outcome.detail = request.detail;
  metrics.Add(request.number, request.latency, outcome);
}

inline Metrics Of(const std::vector<Request>& requests) {
  Metrics metrics;
  for (const Request& request : requests) Add(metrics, request);
  return metrics;
}

}  // namespace squall
