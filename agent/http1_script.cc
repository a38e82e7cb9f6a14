#include "agent/http1_script.h"

namespace squall {
namespace {

bool IsFailure(const Outcome& outcome) {
  if (outcome.judged) return *outcome.judged != v1::FAILURE_KIND_NONE;
  return outcome.status >= Metrics::kMinFailedStatus;
}

}  // namespace

// An owner's limit of requests a second is one of numbers a second: each has one request then.
Http1Script::Http1Script(Script& script, const Policy& policy)
    : script_(script),
      users_(script.users()),
      most_requests_(policy.limits().rate_nano.most != 0 ? 1 : RawRequests::kMost) {}

absl::Status Http1Script::Write(uint64_t n, Http1Exchange& exchange) {
  exchange.scripted.answers = 0;
  exchange.scripted.failed = false;
  exchange.scripted.received_before = 0;
  if (users_ != nullptr) {
    WriteOfUser(static_cast<uint32_t>(n), exchange);
    return absl::OkStatus();
  }
  if (absl::Status status = script_.TakeError(); !status.ok()) return status;
  if (!made_) {
    std::string& bytes = script_.makes_each() ? exchange.own_bytes : same_;
    if (absl::Status status = script_.Request(n, bytes); !status.ok()) return status;
    const absl::StatusOr<RawRequests> requests = ParseRawRequests(bytes);
    if (!requests.ok()) return requests.status();
    if (requests->count > most_requests_) {
      return absl::InvalidArgumentError(
          "several requests in one text, which this agent's limit of requests a second does not "
          "allow");
    }
    exchange.requests = *requests;
    exchange.bytes = bytes;
    if (script_.makes_each()) return absl::OkStatus();
    same_are_ = *requests;
    made_ = true;
  }
  exchange.requests = same_are_;
  exchange.bytes = same_;
  return absl::OkStatus();
}

void Http1Script::WriteOfUser(uint32_t user, Http1Exchange& exchange) const {
  const ScriptUsers::Request request = users_->RequestOf(user);
  exchange.user = user;
  exchange.own_bytes.assign(request.bytes);
  exchange.bytes = exchange.own_bytes;
  exchange.requests = {
      .count = 1, .heads = request.to_head ? 1u : 0u, .idempotent = request.idempotent};
}

bool Http1Script::Take(Http1Exchange& exchange, Http1Response& response) {
  Http1Exchange::Scripted& scripted = exchange.scripted;
  ++scripted.answers;
  const bool last = scripted.answers == exchange.requests.count;
  Outcome outcome;
  response.Tell(outcome);
  std::string error;
  if (wants_answers()) {
    const absl::Status status =
        users_ != nullptr ? users_->TakeAnswer(exchange.user, outcome.status, *response.kept())
                          : script_.Respond(outcome.status, *response.kept());
    if (!status.ok() && !IsFailure(outcome)) {
      error = std::string(status.message());
      outcome.judged = v1::FAILURE_KIND_SCRIPT_RESPONSE;
      outcome.detail = error;
    }
  }
  if (!scripted.failed) {
    scripted.failed = IsFailure(outcome);
    scripted.status = outcome.status;
    scripted.judged = outcome.judged;
    scripted.detail.assign(outcome.detail.substr(0, Metrics::kMaxDetailBytes));
  }
  if (!last) scripted.received_before += response.bytes();
  return last;
}

void Http1Script::Tell(const Http1Exchange& exchange, Outcome& outcome) {
  outcome.status = exchange.scripted.status;
  outcome.judged = exchange.scripted.judged;
  outcome.detail = exchange.scripted.detail;
}

}  // namespace squall
