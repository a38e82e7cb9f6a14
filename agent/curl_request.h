// What all that are one of a plan's requests have in common, as options of libcurl's easy handles.
//
// Whatever libcurl would do unasked is switched off here: variables of the environment, Expect,
// decoding, cookies, normalising of paths, protocols other than HTTP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>

#include "absl/status/status.h"
#include "agent/curl_handles.h"
#include "agent/tls_authorities.h"
#include "common/clock.h"
#include "common/request_templates.h"
#include "squall/v1/plan.pb.h"

namespace squall {

inline constexpr long kMaxRedirects = 10;

class CurlRequest {
 public:
  // The only request of a plan without placeholders.
  explicit CurlRequest(const v1::Plan& plan)
      : CurlRequest(plan, 0, nullptr, std::make_shared<const v1::Transport>(plan.transport())) {}
  // The plan's request of that index. `templates` are its, borrowed for the call; null: there are
  // none. `transport` is the plan's.
  CurlRequest(const v1::Plan& plan, size_t index, const RequestTemplates* templates,
              std::shared_ptr<const v1::Transport> transport);

  // INVALID_ARGUMENT for what libcurl cannot send, naming the field.
  absl::Status Check() const;
  // Sets everything but the URL and the callbacks. `easy` borrows headers, body and certificates:
  // this object outlives it. Errors as of Check().
  absl::Status Apply(CURL* easy) const;
  // The same where another request of the plan had been set: what they do not have in common.
  CURLcode ApplyAnew(CURL* easy) const;

  // For one attempt: on a fresh connection or on any, in what remains of the time of a request that
  // has taken `spent`. Apply() does it for the first.
  CURLcode ApplyAttempt(CURL* easy, bool fresh_connection, Nanos spent) const;

  // The method as libcurl is to write it in place of its own, or null where that is the same.
  const char* custom_method() const;

  // Whether an answer of this status has one (RFC 9112, 6.3).
  bool HasAnswerBody(uint32_t status) const {
    return request_.method() != "HEAD" && status != 204 && status != 304;
  }

  bool idempotent() const { return idempotent_; }
  bool tagged() const { return tagged_; }
  // Of the plan's own headers: the name, and its place in headers(). kNoNode: it is not there, but
  // sent with the cookies of the jar.
  static constexpr size_t kNoNode = SIZE_MAX;
  const std::string& header_name(size_t index) const {
    return request_.headers(static_cast<int>(index)).name();
  }
  size_t header_node(size_t index) const { return header_nodes_[index]; }
  // Of all requests; null: none.
  curl_slist* headers() const { return headers_.get(); }
  bool has_body() const { return request_.has_body(); }
  // Streams of several requests share a connection.
  bool multiplexed() const { return http2() && transport_->streams() > 1; }
  bool http2() const { return transport_->http_version() == v1::HTTP_VERSION_2; }
  const v1::Transport& transport() const { return *transport_; }

 private:
  void AddHeader(const std::string& line);
  void AddHeaders();
  bool HasUserHeader(std::string_view name) const;
  bool SendsBody() const;

  CURLcode ApplyMethod(CURL* easy) const;
  CURLcode ApplyCookies(CURL* easy) const;
  CURLcode ApplyConnection(CURL* easy) const;
  CURLcode ApplyTls(CURL* easy) const;
  CURLcode ApplyAnswers(CURL* easy) const;
  CURLcode ApplyProxy(CURL* easy) const;

  const v1::Request request_;
  std::vector<size_t> header_nodes_;
  const std::shared_ptr<const v1::Transport> transport_;  // the same for all of a plan's
  const bool tagged_;
  const bool idempotent_;
  // Those of this machine. Empty where it has none: then no certificate is good.
  const Authorities authorities_;
  CurlList headers_;
  CurlList proxy_headers_;
  bool out_of_memory_ = false;
};

}  // namespace squall
