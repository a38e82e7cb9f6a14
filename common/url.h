// What squall takes for a URL.
//
// Pure. Errors are INVALID_ARGUMENT; their message begins with the URL and says what to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace squall {

// http_parser counts positions in a URL in 16 bits.
inline constexpr size_t kMaxUrlBytes = 65'535;

// An absolute http or https URL, to be sent as it is: spaces and control characters must be
// percent-encoded, host names beyond ASCII be in punycode. User and password are allowed (basic
// authentication), and so is a fragment, which is never sent. Allocates only for an error.
absl::Status CheckUrl(std::string_view url);

// The parts of a URL that CheckUrl() has found good. They borrow from it.
struct UrlParts {
  bool https = false;
  uint16_t port = 0;           // the scheme's own if none is written
  std::string_view origin;     // all before the path: "http://user:secret@[::1]:8080"
  std::string_view user;       // "user:secret", as written; empty: none
  std::string_view host;       // "::1", without brackets
  std::string_view authority;  // "[::1]:8080", for Host; without a port that is the scheme's
  std::string_view target;     // "/path?query"; without its slash if the URL has no path
};
UrlParts SplitUrl(std::string_view url);

// The URL of a proxy: http, https, socks5 or socks5h, with neither path nor query.
absl::Status CheckProxyUrl(std::string_view url);

}  // namespace squall
