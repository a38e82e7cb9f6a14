// The bytes of HTTP/1.1 requests, as far as they are the same for all that are one of a plan's; and
// what is rendered for each (Http1Renderer), if it has placeholders.
//
// The header set is the one that curl_transport sends; only the order may differ. Immutable.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/request_tag.h"
#include "common/request_templates.h"
#include "common/url.h"
#include "squall/v1/plan.pb.h"

namespace squall {

struct Http1Origin;

class Http1Request {
 public:
  // The plan's request of that index. `templates` are its, and outlive it; null: there are none.
  explicit Http1Request(const v1::Plan& plan, size_t index = 0,
                        const RequestTemplates* templates = nullptr);

  // What follows the path of every request to one origin: version and headers, to the end of the
  // last one; of a rendered body, without its length.
  Template Head(const UrlParts& url) const;

  // The same where all requests to an origin are alike: Head(), the empty line, and the body if it
  // is short.
  std::string Tail(const UrlParts& url) const;

  // Writes the request for `target` (as in UrlParts) over `bytes`, whose memory is used again.
  void Write(std::string_view target, std::string_view tail, std::string& bytes) const;

  // Adds the headers of a tag to what Write() has written, without allocating once there is room.
  void AddTag(const RequestTag& tag, std::string& bytes) const;

  // A body that is rendered for each request; null: it is always the same.
  const Template* rendered_body() const { return rendered_body_; }
  // One that is always the same and stands behind each head.
  std::string_view short_body() const {
    return body_is_long() || rendered_body_ != nullptr ? std::string_view() : body_;
  }
  // One that is too long to be copied there: to be sent after it.
  std::string_view long_body() const { return body_is_long() ? body_ : std::string_view(); }

  const std::string& method() const { return method_; }
  bool is_head() const { return is_head_; }
  bool is_idempotent() const { return idempotent_; }
  bool is_tagged() const { return tagged_; }

 private:
  static constexpr size_t kShortBody = 4096;  // bytes
  bool body_is_long() const { return rendered_body_ == nullptr && body_.size() > kShortBody; }

  std::string method_;
  bool is_head_;
  bool idempotent_;
  bool tagged_;
  bool has_host_ = false;           // given by the user
  bool has_authorization_ = false;  // likewise
  const Template* rendered_body_ = nullptr;
  Template headers_;  // the same for every origin
  std::string body_;
};

// What stands behind the target of one of the plan's requests, by origin: made when it is first
// asked for. Belongs to one worker's thread.
class Http1Heads {
 public:
  struct Words {
    std::string tail;  // Http1Request::Tail(), where nothing is rendered
    Template head;     // Http1Request::Head()
  };

  // It outlives this.
  explicit Http1Heads(const Http1Request& request) : request_(request) {}

  const Words& Of(const Http1Origin& origin);

 private:
  const Http1Request& request_;
  std::vector<Words> words_;  // by the number of the origin; empty: not made yet
};

}  // namespace squall
