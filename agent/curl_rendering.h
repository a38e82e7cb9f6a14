// What of one slot's requests differs from one to the next, where a plan has placeholders or named
// requests: URL, headers and body, as libcurl takes them.
//
// libcurl reads headers and body while a request is sent, and keeps no copy; nothing of ours is
// allocated once they have their length. It stays where it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <curl/curl.h>

#include "agent/curl_request.h"
#include "agent/request_source.h"

namespace squall {

class CurlRendering {
 public:
  // The source outlives it; without one (null) all requests are alike.
  explicit CurlRendering(const RequestSource* source) : source_(source) {}
  CurlRendering(const CurlRendering&) = delete;
  CurlRendering& operator=(const CurlRendering&) = delete;

  // Which of the plan's requests the next ones are. It outlives this, or what follows it.
  void Follow(const CurlRequest& request, uint32_t index);

  bool renders() const { return source_ != nullptr; }
  // All of the requests' headers; null: none.
  curl_slist* headers() { return nodes_.empty() ? shared_ : nodes_.data(); }

  // Of the next request; not while one is being sent.
  void Set(uint64_t number);
  const std::string& url() const { return url_; }
  // Sets what differs from the options that all of its requests share.
  CURLcode Apply(CURL* easy) const;

 private:
  struct Line {
    size_t node;
    const std::string* name;
    const Template* value;
  };

  const Template* RenderedBody() const;

  const RequestSource* const source_;
  uint32_t index_ = 0;
  const RequestTemplates* templates_ = nullptr;  // null: nothing but the URL
  curl_slist* shared_ = nullptr;
  std::vector<curl_slist> nodes_;   // in place of the shared ones, if some are rendered
  std::vector<Line> lines_;         // these
  std::vector<std::string> texts_;  // of the lines, or more
  std::string url_;
  std::string fields_;
  std::string value_;
  std::string body_;
};

}  // namespace squall
