// What a user's flow comes to: its first failure, or else its last answer; and what its requests
// came to together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/metrics.h"

namespace squall {

class FlowResult {
 public:
  // Whether a request was a failure.
  static bool IsFailure(const Outcome& outcome) {
    if (outcome.kind != v1::FAILURE_KIND_NONE) return true;
    if (outcome.judged) return *outcome.judged != v1::FAILURE_KIND_NONE;
    return outcome.status >= Metrics::kMinFailedStatus;
  }

  // The next one of its requests.
  void Add(const Outcome& outcome) {
    sum_.bytes_received += outcome.bytes_received;
    sum_.bytes_sent += outcome.bytes_sent;
    sum_.connections += outcome.connections;
    sum_.resent |= outcome.resent;
    requested_ = true;
    if (failed_) return;
    sum_.kind = outcome.kind;
    sum_.judged = outcome.judged;
    sum_.status = outcome.status;
    sum_.address = outcome.address;
    failed_ = IsFailure(outcome);
    if (failed_) detail_.assign(outcome.detail.substr(0, Metrics::kMaxDetailBytes));
  }
  // For another reason.
  void Fail(v1::FailureKind kind, std::string_view detail) {
    if (failed_) return;
    failed_ = true;
    sum_.kind = kind;
    sum_.judged.reset();
    detail_.assign(detail.substr(0, Metrics::kMaxDetailBytes));
  }

  // Borrowed from here.
  Outcome Tell() {
    if (!requested_) Fail(v1::FAILURE_KIND_SCRIPT, "user() has ended without a request");
    Outcome outcome = sum_;
    outcome.detail = detail_;
    return outcome;
  }

 private:
  Outcome sum_;
  bool requested_ = false;
  bool failed_ = false;
  std::string detail_;
};

}  // namespace squall
