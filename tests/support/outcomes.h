// Outcomes of requests, for tests.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/metrics.h"

namespace squall {

inline Outcome Response(uint32_t status, std::string_view body = {}) {
  Outcome outcome;
  outcome.status = status;
  outcome.detail = body;
  return outcome;
}

inline Outcome Failure(v1::FailureKind kind, std::string_view message = {}) {
  Outcome outcome;
  outcome.kind = kind;
  outcome.detail = message;
  return outcome;
}

}  // namespace squall
