// One slot: an easy handle that is used again and again, and what was seen of its current request.
//
// The handle's callbacks count what comes, keep the first bytes of an error's body, and see to it
// that a request is sent a second time only as docs/architecture.md says under Resending. libcurl
// would do it by itself, with any method, several times, and on a connection that may be as stale:
// it is let alone only if it does what is right. Otherwise the attempt is given up, and where the
// request may be sent again, the transfer is begun anew.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include <curl/curl.h>

#include "absl/status/statusor.h"
#include "agent/answer_check.h"
#include "agent/curl_cookies.h"
#include "agent/curl_failure.h"
#include "agent/curl_goodbye.h"
#include "agent/curl_guard.h"
#include "agent/curl_handles.h"
#include "agent/curl_prior_knowledge.h"
#include "agent/curl_rendering.h"
#include "agent/curl_request.h"
#include "agent/curl_tag.h"
#include "common/clock.h"
#include "common/metrics.h"

namespace squall {

// One of the plan's requests.
struct CurlCall {
  uint32_t index = 0;
  CurlRequest request;
  AnswerChecks* checks = nullptr;  // null: there are none
};

class CurlExchange {
 public:
  // All outlive it; `source`: null if all requests are alike. It stays where it is: its handle
  // calls back.
  CurlExchange(uint32_t slot, const CurlCall& call, const CurlGuard& guard,
               const RequestSource* source);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  // Sets every option that all requests share, and those of the plan's first one.
  absl::Status Prepare();
  // Which of the plan's requests the next one is.
  CURLcode Follow(const CurlCall& call);

  static CurlExchange& Of(CURL* easy) {
    CurlExchange* exchange = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
    return *exchange;
  }

  CURL* easy() { return easy_.get(); }
  uint32_t slot() const { return slot_; }
  bool in_flight() const { return in_flight_; }

  // It will go over other connections than before.
  void ForgetConnection() { prior_knowledge_.End(false); }
  // Before Begin(), if requests are tagged.
  void Tag(const RequestTag& tag) { tag_.Set(tag); }
  // The same, if they are rendered; returns the URL.
  const std::string& Render(uint64_t number) {
    rendering_.Set(number);
    return rendering_.url();
  }
  // Forgets the request before, and takes the new one's URL. `start` is now.
  CURLcode Begin(Nanos start, const std::string& url);
  // The request has waited for the addresses of its name.
  void HasWaited() {
    waited_ = SteadyNow() - start_;
    request_->ApplyAttempt(easy(), false, waited_);
  }
  // Why the transfer cannot even be begun, or goes no further: the detail of its failure.
  void Explain(std::string_view why);
  // The same where the agent's policy is the reason. The transfer fails.
  void Deny(std::string_view why) { denial_ = why; }
  // True, when the transfer has ended, if it is to be added once more, as nothing was sent, or the
  // request may be sent again. `elsewhere`: nothing was connected to, and there is another address.
  bool BeginsAnew(CURLcode result, bool elsewhere);
  // The first answer was a squall target's.
  bool from_target() const { return from_target_; }
  // What came of it, as far as it went. The detail is valid until the next Begin().
  Outcome Finish(CURLcode result);
  // The same for a request that was given up.
  Outcome CutOff();

 private:
  // The answer to the current hop: the request itself, or what the last redirect led to.
  struct Answer {
    uint64_t header_bytes = 0;
    uint32_t status = 0;    // of the newest header that is complete
    bool complete = false;  // that header is the final one, not a provisional (1xx)
  };

  static int OnSending(void* self, char* to, char* from, int to_port, int from_port) noexcept;
  static size_t OnHeader(char* line, size_t one, size_t size, void* self) noexcept;
  static size_t OnBody(char* bytes, size_t one, size_t size, void* self) noexcept;

  static int OnTrace(CURL* easy, curl_infotype type, char* bytes, size_t size, void* self) noexcept;

  enum class Sending { kFirst, kRedirected, kAgain, kRefused };

  void FollowRequest();
  CURLcode ApplyOwn();
  Sending JudgeSending(long redirects) const;
  bool MayResend() const;
  bool LibcurlMayResend(bool fresh) const;
  bool GaveUpTooEarly(CURLcode result) const;
  void CheckHeader(std::string_view line);
  void EndOfHeader();
  void JudgeServer();
  uint32_t connections() const;
  uint64_t BodyBytes() const;
  void CountInto(Outcome& outcome) const;
  Outcome Answered();
  CurlFailure FailureOf(CURLcode result) const;
  Outcome Failed(CURLcode result);
  long Info(CURLINFO info) const;

  const uint32_t slot_;
  const CurlCall* call_;
  const CurlRequest* request_;  // of the call
  const CurlGuard& guard_;
  AnswerCheckKeeper checks_;
  AnswerCheck* check_ = nullptr;  // null: there is nothing to check
  CurlRendering rendering_;       // outlives the handle, like the next one
  CurlTag tag_;
  CurlEasy easy_;
  CurlPriorKnowledge prior_knowledge_;
  CurlGoodbye goodbye_;
  CurlCookies cookies_;
  bool in_flight_ = false;
  bool method_dropped_ = false;  // by a redirect that turns it into GET
  bool server_judged_ = false;
  bool from_target_ = false;

  Nanos start_ = 0;
  long hop_ = -1;               // redirects before the newest sending
  bool sent_on_fresh_ = false;  // the newest sending
  bool resent_ = false;
  bool begins_anew_ = false;
  bool second_sending_refused_ = false;
  bool redirect_refused_ = false;
  Answer answer_;
  uint64_t header_bytes_ = 0;
  uint64_t body_bytes_ = 0;
  uint64_t bytes_sent_ = 0;  // counted where there is a body
  // Attempts that were given up, and begun anew.
  struct Past {
    uint32_t attempts = 0;
    uint32_t connections = 0;
    uint64_t bytes_sent = 0;
  } past_;
  bool attempt_sent_ = false;  // something, in the current attempt
  Nanos waited_ = 0;           // for the addresses of its name
  long connections_seen_ = 0;  // of the current attempt, at the newest sending
  size_t sample_size_ = 0;
  std::array<char, Metrics::kMaxDetailBytes> sample_;
  std::array<char, CURL_ERROR_SIZE> message_;
  std::string denial_;  // of the policy; libcurl writes its own words over a message
};

}  // namespace squall
