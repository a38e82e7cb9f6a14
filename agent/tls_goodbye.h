// Whether the server ends a TLS connection that others read: transports that OpenSSL is hidden
// from.
#pragma once

struct ssl_st;

namespace squall {

// `*said` becomes true when the server's close_notify is read on `ssl`, an SSL of OpenSSL 3; it
// must live as long as that.
void WatchGoodbye(ssl_st* ssl, bool* said);

}  // namespace squall
