// A transport over libcurl: everything that HTTP clients do, at libcurl's price a request.
//
// Limits of libcurl 7.88 that show in outcomes: bodies of redirects that are followed are not in
// bytes_received; a connection that ends within the status line counts as closed before the
// response (so that the request may be sent again); where it refuses to send again, libcurl has
// already opened a connection for it. Where slots are given up, it closes surplus connections one
// by one as requests end (all at once where none is left), and those of several hosts only beyond a
// few times as many as there are slots.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "agent/transport.h"

namespace squall {

// Loop, sink and transport belong to one thread, and the transport is not destroyed from within
// OnOutcome. The process ignores SIGPIPE from the first call on (libcurl may not touch signals in a
// thread). Any thread may call. INVALID_ARGUMENT for a plan that libcurl cannot carry out.
absl::StatusOr<std::unique_ptr<Transport>> MakeCurlTransport(const TransportSetup& setup);

}  // namespace squall
