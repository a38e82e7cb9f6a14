// When every transport sends a request a second time, and when not: a table that any transport can
// be run through, and what needs more than a table.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/raw_server.h"
#include "tests/support/transport_runner.h"

namespace squall::testing {

// Requests to a server with a script, one after the other, until as many outcomes are there.
struct ResendCase {
  struct Result {
    v1::FailureKind kind = v1::FAILURE_KIND_NONE;
    bool resent = false;
    std::optional<uint32_t> connections = 0;  // absent where that is up to the transport
  };

  std::string name;
  std::string method;
  std::string body;  // may be empty: none
  RawScript script;
  std::vector<Result> results;
  size_t requests = 0;  // that the server sees
};
const std::vector<ResendCase>& ResendCases();
void RunResendCase(const ResendCase& test, TransportFactory factory);

// Of several kept connections to a server, all of which it closes, one at most is tried.
void RunResendBesideStaleConnections(TransportFactory factory);

// Both sendings together have the time of one request.
void RunResendWithinTimeout(TransportFactory factory);

inline void PrintTo(const ResendCase& test, std::ostream* out) { *out << test.name; }

}  // namespace squall::testing
