// A slot's jar of cookies: what servers have set is sent back to them, as by one browser.
//
// libcurl keeps it with the slot's handle, for the whole run. A server that sets ever new names
// would let it grow for ever: from time to time it is looked at, and emptied if it holds more than
// libcurl would send. Belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <string_view>

#include <curl/curl.h>

namespace squall {

class CurlCookies {
 public:
  // What libcurl 7.88 sends at most.
  static constexpr size_t kMost = 150;

  // Of each line of an answer's header.
  void OnHeader(std::string_view line);
  // Before each request.
  void Bound(CURL* easy);

 private:
  size_t set_ = 0;  // since it was looked at
};

}  // namespace squall
