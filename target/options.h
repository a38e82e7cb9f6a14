// How the target is to behave. Plain data; checked where it comes from (target_command.cc).
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace squall::target {

struct Options {
  // host:port or [IPv6]:port; port 0 takes any free one.
  std::string listen = "127.0.0.1:8080";
  // Each answer waits this long after its request has been read …
  absl::Duration delay = absl::ZeroDuration();
  // … and as long again as is drawn for it, evenly, from [0, jitter).
  absl::Duration jitter = absl::ZeroDuration();
  // So many requests are worked on at a time, each for `delay` and what was drawn for it, whichever
  // thread has them; the others wait in the order of coming. 0: any number.
  uint64_t workers = 0;
  // Of every answer that is not made to fail: 200 to 599.
  int status = 200;
  // Every so-manieth request is answered with status 500. 0: none.
  uint64_t fail_every = 0;
  // Size of each answer's body; must be 0 if `status` allows no body (204, 304).
  uint64_t body_bytes = 16;
  // Event loops, each on a thread of its own. At least 1.
  int threads = 1;
  // File with a line for each request (request_log.h); empty: none is written.
  std::string log = {};
};

}  // namespace squall::target
