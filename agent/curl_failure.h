// Turns libcurl's errors into the kinds of failure that squall reports.
#pragma once

#include <string_view>

#include <curl/curl.h>

#include "squall/v1/metrics.pb.h"

namespace squall {

// What was known when a transfer failed. A hop is the first request or what a redirect led to.
struct CurlFailure {
  CURLcode result = CURLE_OK;
  std::string_view message;   // libcurl's own
  int system_error = 0;       // errno of a connection that could not be opened
  bool hop_sent = false;      // the current hop's request was begun
  bool hop_answered = false;  // and some of its answer came
  bool redirected = false;    // the current hop is not the first
  bool proxied = false;
  bool tunnel_refused = false;    // the proxy answered CONNECT with an error
  bool http2 = false;             // was asked for
  bool fresh_connection = false;  // at least one was opened for it
};

v1::FailureKind KindOf(const CurlFailure& failure);

}  // namespace squall
