// A line of a server's access log, as far as it tells what was requested, and when.
//
// The forms "common" and "combined" of Apache and nginx, whatever follows the request:
//
//     address ident user [time] "GET /path HTTP/1.1" status bytes …
//
// (https://httpd.apache.org/docs/2.4/logs.html#combined). Times:
//
//     10/Oct/2000:13:55:36 -0700          Apache's %t, nginx's $time_local
//     10/Oct/2000:13:55:36.123 -0700      the same with a fraction
//     2000-10-10T13:55:36.123-07:00       nginx's $time_iso8601, with a fraction or without
//     971211336.123                       nginx's $msec: seconds since 1970
//
// A fraction has up to six digits that count. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace squall {

struct LoggedRequest {
  int64_t unix_us = 0;
  bool whole_seconds = false;  // its time has no fraction
  // Upper case; empty: what stands in quotes is no request that can be sent again.
  std::string_view method = "";  // borrowed from the line
  // Path and query, which begin with '/'. What may not stand in a URL is percent-encoded.
  std::string target = "";
};

// INVALID_ARGUMENT: the line is of another form. The message begins with the column: "18: …".
absl::StatusOr<LoggedRequest> ParseLoggedRequest(std::string_view line);

}  // namespace squall
