#include "agent/curl_timings.h"

#include <algorithm>

namespace squall {
namespace {

// From the beginning of the transfer.
Nanos Reached(CURL* easy, CURLINFO info) {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy, info, &microseconds);
  return microseconds * 1000;
}

}  // namespace

Timings CurlTimings(CURL* easy, bool fresh_connection) {
  Timings timings;
  Nanos before = 0;
  const auto part_until = [&before](Nanos reached) {
    const Nanos part = std::max<Nanos>(reached - before, 0);
    before += part;
    return part;
  };
  if (fresh_connection) {
    timings.resolve = part_until(Reached(easy, CURLINFO_NAMELOOKUP_TIME_T));
    timings.connect = part_until(Reached(easy, CURLINFO_CONNECT_TIME_T));
    const Nanos secured = Reached(easy, CURLINFO_APPCONNECT_TIME_T);
    if (secured > 0) timings.tls = part_until(secured);
  }
  timings.first_byte = part_until(Reached(easy, CURLINFO_STARTTRANSFER_TIME_T));
  timings.transfer = part_until(Reached(easy, CURLINFO_TOTAL_TIME_T));
  return timings;
}

}  // namespace squall
