// The headers of one slot's requests where requests are tagged: the two of the tag, and behind them
// those that all requests share.
//
// A list as libcurl takes it, whose first two lines change with each request. libcurl reads it
// while a request is sent, and keeps no copy; nothing is allocated once the lines have their
// length. It stays where it is.
#pragma once

#include <string>

#include <curl/curl.h>

#include "common/request_tag.h"

namespace squall {

class CurlTag {
 public:
  CurlTag() : number_{nullptr, nullptr}, run_{nullptr, &number_} {}
  CurlTag(const CurlTag&) = delete;
  CurlTag& operator=(const CurlTag&) = delete;

  // What stands behind the two; outlives them. Null: there are no others.
  void Follow(curl_slist* shared) { number_.next = shared; }
  curl_slist* headers() { return &run_; }

  // Of the next request; not while one is being sent.
  void Set(const RequestTag& tag);

 private:
  std::string run_line_;
  std::string number_line_;
  curl_slist number_;
  curl_slist run_;
};

}  // namespace squall
