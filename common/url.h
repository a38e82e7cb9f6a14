// What squall takes for a URL.
//
// Pure. Errors are INVALID_ARGUMENT; their message begins with the URL and says what to do.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace squall {

// http_parser counts positions in a URL in 16 bits.
inline constexpr size_t kMaxUrlBytes = 65'535;

// An absolute http or https URL, to be sent as it is: spaces and control characters must be
// percent-encoded, host names beyond ASCII be in punycode. User and password are allowed (basic
// authentication), and so is a fragment, which is never sent. Allocates only for an error.
absl::Status CheckUrl(std::string_view url);

// The URL of a proxy: http, https, socks5 or socks5h, with neither path nor query.
absl::Status CheckProxyUrl(std::string_view url);

}  // namespace squall
