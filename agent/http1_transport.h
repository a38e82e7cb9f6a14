// A transport of our own for HTTP/1.1 over TCP, unix sockets and TLS: what it costs is little more
// than the system calls, one each way.
//
// No HTTP/2, no proxy, no following of redirects: that is curl_transport's.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "agent/transport.h"

namespace squall {

// Loop, sink and transport belong to one thread, and the transport is not destroyed from within
// OnOutcome. Any thread may call. INVALID_ARGUMENT for a plan that needs another transport.
absl::StatusOr<std::unique_ptr<Transport>> MakeHttp1Transport(const TransportSetup& setup);

}  // namespace squall
