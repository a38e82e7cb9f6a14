// The bytes of HTTP/1.1 requests, as far as they are the same for all requests of a plan.
//
// The header set is the one that curl_transport sends; only the order may differ. Immutable.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/request_tag.h"
#include "common/url.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class Http1Request {
 public:
  explicit Http1Request(const v1::Plan& plan);

  // What follows the path of every request to one origin: version, headers, and the body if it is
  // short.
  std::string Tail(const UrlParts& url) const;

  // Writes the request for `target` (as in UrlParts) over `bytes`, whose memory is used again.
  void Write(std::string_view target, std::string_view tail, std::string& bytes) const;

  // Adds the headers of a tag to what Write() has written, without allocating once there is room.
  void AddTag(const RequestTag& tag, std::string& bytes) const;

  // A body that is too long to be copied behind each head: to be sent after it.
  std::string_view long_body() const { return body_is_long() ? body_ : std::string_view(); }

  bool is_head() const { return method_ == "HEAD"; }
  bool is_idempotent() const { return idempotent_; }
  bool is_tagged() const { return tagged_; }

 private:
  static constexpr size_t kShortBody = 4096;  // bytes
  bool body_is_long() const { return body_.size() > kShortBody; }

  std::string method_;
  bool idempotent_;
  bool tagged_;
  bool has_host_ = false;           // given by the user
  bool has_authorization_ = false;  // likewise
  std::string headers_;             // the same for every origin, to the empty line
  std::string body_;
};

}  // namespace squall
