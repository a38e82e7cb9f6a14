// What a user's flow comes to: its first failure, or else its last answer; and what its requests
// came to together.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

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

  // The next one of its requests, which is called `step`. Returns what samples say of it, if it is
  // a failure: which of the flow's requests it is, and the outcome's detail; borrowed from here
  // until the next one.
  std::string_view Add(std::string_view step, const Outcome& outcome) {
    ++requests_;
    sum_.bytes_received += outcome.bytes_received;
    sum_.bytes_sent += outcome.bytes_sent;
    sum_.connections += outcome.connections;
    sum_.resent |= outcome.resent;
    said_.clear();
    const bool failed = IsFailure(outcome);
    if (failed) Say(step, outcome.detail);
    if (failed_) return said_;
    sum_.kind = outcome.kind;
    sum_.judged = outcome.judged;
    sum_.status = outcome.status;
    sum_.address = outcome.address;
    failed_ = failed;
    if (failed) detail_ = said_;
    return said_;
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
    if (requests_ == 0) Fail(v1::FAILURE_KIND_SCRIPT, "user() has ended without a request");
    Outcome outcome = sum_;
    outcome.detail = detail_;
    return outcome;
  }

 private:
  void Say(std::string_view step, std::string_view detail) {
    said_ = fmt::format("request {}, {}", requests_, step);
    if (!detail.empty()) said_.append(": ").append(detail);
    said_.resize(std::min(said_.size(), Metrics::kMaxDetailBytes));
  }

  Outcome sum_;
  uint64_t requests_ = 0;
  bool failed_ = false;
  std::string detail_;
  std::string said_;
};

}  // namespace squall
