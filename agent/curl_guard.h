// Holds what libcurl does by itself against the agent's policy: whereto it opens connections, and
// whom it sends to when it follows a redirect or uses a proxy.
//
// A request's own URL has been checked before, and so has the address that its route gives. What
// remains is seen here as libcurl sees it, so that nothing depends on reading a URL in the same way
// as it does. One for all transfers of a worker; belongs to the loop's thread.
#pragma once

#include <curl/curl.h>

#include "absl/status/status.h"
#include "agent/network.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class CurlGuard {
 public:
  // Both outlive it.
  CurlGuard(const v1::Transport& transport, const Network& network)
      : transport_(transport), network_(network) {}

  // A connection is to be opened to an address that is not the one of the request's own route.
  absl::Status CheckOpening(CURL* easy, const Endpoint& to) const;
  // A request is to be sent to where redirects have led, perhaps over a connection that stands.
  absl::Status CheckRedirected(CURL* easy) const;

 private:
  const v1::Transport& transport_;
  const Network& network_;
};

}  // namespace squall
