// What of one slot's requests is rendered for each of them, where a plan has placeholders: URL,
// headers and body, as libcurl takes them.
//
// libcurl reads headers and body while a request is sent, and keeps no copy; nothing of ours is
// allocated once they have their length. It stays where it is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <curl/curl.h>

#include "agent/curl_request.h"
#include "agent/request_source.h"

namespace squall {

class CurlRendering {
 public:
  // `request` and `source` outlive it; without a source (null) nothing is rendered.
  CurlRendering(const CurlRequest& request, const RequestSource* source);
  CurlRendering(const CurlRendering&) = delete;
  CurlRendering& operator=(const CurlRendering&) = delete;

  bool renders() const { return source_ != nullptr; }
  // All of the requests' headers; null: none.
  curl_slist* headers() { return nodes_.empty() ? shared_ : nodes_.data(); }

  // Of the next request; not while one is being sent.
  void Set(uint64_t number);
  const std::string& url() const { return url_; }
  // Sets what differs from the options that all requests share.
  CURLcode Apply(CURL* easy) const;

 private:
  struct Line {
    size_t node;
    std::string name;
    const Template* value;
    std::string text;
  };

  const RequestSource* const source_;
  curl_slist* const shared_;
  std::vector<curl_slist> nodes_;  // in place of the shared ones, if some are rendered
  std::vector<Line> lines_;        // these
  std::string url_;
  std::string value_;
  std::string body_;
};

}  // namespace squall
