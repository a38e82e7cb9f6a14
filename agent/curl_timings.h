// What libcurl says of the parts of a transfer.
#pragma once

#include <curl/curl.h>

#include "common/timings.h"

namespace squall {

// Of a transfer that has brought a whole answer, without redirects and at the first attempt. Each
// part begins where the one before ends; together they are the time that libcurl had it for. In
// whole microseconds. Resolving is a part of every fresh connection, if only of the few
// microseconds that libcurl needs for an address that it knows.
Timings CurlTimings(CURL* easy, bool fresh_connection);

}  // namespace squall
