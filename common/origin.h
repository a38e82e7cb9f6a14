// A scheme, host and port that URLs lead to.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace squall {

struct Origin {
  bool https = false;
  std::string host;  // as in UrlParts, in lower case
  uint16_t port = 0;

  // "http://api.test:80", without user and password: a URL itself.
  std::string Display() const;
  friend auto operator<=>(const Origin&, const Origin&) = default;
};

// Of a URL that has been checked.
Origin OriginOf(std::string_view url);

}  // namespace squall
