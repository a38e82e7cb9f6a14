// One slot: an easy handle that is used again and again, and what was seen of its current request.
//
// The handle's callbacks count what comes, keep the first bytes of an error's body, and refuse what
// libcurl would otherwise do in silence: sending a request a second time because a connection that
// it used again was closed.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <curl/curl.h>

#include "absl/status/statusor.h"
#include "agent/curl_goodbye.h"
#include "agent/curl_handles.h"
#include "agent/curl_prior_knowledge.h"
#include "agent/curl_request.h"
#include "common/metrics.h"

namespace squall {

class CurlExchange {
 public:
  // `request` outlives it. It stays where it is: its handle calls back.
  CurlExchange(uint32_t slot, const CurlRequest& request);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  // Sets every option that all requests share.
  absl::Status Prepare();

  static CurlExchange& Of(CURL* easy);

  CURL* easy() { return easy_.get(); }
  uint32_t slot() const { return slot_; }
  bool in_flight() const { return in_flight_; }

  // Forgets the request before, and takes the new one's URL.
  CURLcode Begin(const std::string& url);
  // True, when the transfer has ended, if nothing was sent and it is to be added once more.
  bool BeginsAnew();
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

  bool MaySend(long redirects) const;
  void EndOfHeader();
  void CountInto(Outcome& outcome);
  Outcome Answered();
  Outcome Failed(CURLcode result);
  long Info(CURLINFO info) const;

  const uint32_t slot_;
  const CurlRequest& request_;
  CurlEasy easy_;
  CurlPriorKnowledge prior_knowledge_;
  CurlGoodbye goodbye_;
  bool in_flight_ = false;
  bool method_dropped_ = false;  // by a redirect that turns it into GET

  long hop_ = -1;  // redirects before the newest sending
  bool begins_anew_ = false;
  bool second_sending_refused_ = false;
  bool redirect_refused_ = false;
  Answer answer_;
  uint64_t header_bytes_ = 0;
  uint64_t body_bytes_ = 0;
  uint64_t bytes_sent_ = 0;          // counted where there is a body
  uint32_t connections_before_ = 0;  // opened in attempts that were given up
  size_t sample_size_ = 0;
  std::array<char, Metrics::kMaxDetailBytes> sample_;
  std::array<char, CURL_ERROR_SIZE> message_;
};

}  // namespace squall
