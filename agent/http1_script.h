// Requests and answers of http1_transport where the plan has a script: what it makes is sent as it
// is, and it gets the answers if it asks for them. Where it has users, what they make, and they get
// the answers.
//
// Belongs to one worker's thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "agent/http1_exchange.h"
#include "agent/http1_response.h"
#include "agent/policy.h"
#include "common/metrics.h"
#include "common/script.h"

namespace squall {

class Http1Script {
 public:
  // `script` outlives it.
  Http1Script(Script& script, const Policy& policy);

  // Writes request n, or that of user n, into the exchange's own memory. INVALID_ARGUMENT if there
  // is nothing to send.
  absl::Status Write(uint64_t n, Http1Exchange& exchange);

  // Answers are to be kept.
  bool wants_answers() const { return users_ != nullptr || script_.wants_answers(); }
  // Takes a whole answer. False: those to further requests of the exchange are still to come.
  bool Take(Http1Exchange& exchange, Http1Response& response);
  // What came of all of them: of those that failed the first, or the last.
  static void Tell(const Http1Exchange& exchange, Outcome& outcome);

 private:
  void WriteOfUser(uint32_t user, Http1Exchange& exchange) const;

  Script& script_;
  ScriptUsers* const users_;  // null: it has none
  const uint32_t most_requests_;
  bool made_ = false;  // where all requests are the same: it has been
  std::string same_;
  RawRequests same_are_;
};

}  // namespace squall
