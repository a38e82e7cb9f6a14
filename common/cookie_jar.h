// The cookies that one user of a script has from one origin.
//
// Kept as the value of the header Cookie, so that a user without cookies costs nothing. All go back
// with every request: paths and domains are not looked at, as requests go to one origin; of times
// only those that end a cookie at once. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace squall {

class CookieJar {
 public:
  // What would make the header longer is not kept.
  static constexpr size_t kMostBytes = 4096;

  // Takes the value of a header Set-Cookie (RFC 6265, 5.2): a name that is there has the new value.
  // What is none is passed over.
  void Set(std::string_view set_cookie);

  // "a=1; b=2"; empty: there are none.
  const std::string& header() const { return header_; }

 private:
  void Remove(std::string_view name);

  std::string header_;
};

}  // namespace squall
