// The null target's end of a TLS connection, by OpenSSL.
//
// Without session tickets, so that clients are sent nothing that they did not ask for. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include <openssl/ssl.h>

namespace squall::bench {

struct TlsDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* connection) const { SSL_free(connection); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsDeleter>;
using TlsConnection = std::unique_ptr<SSL, TlsDeleter>;

// Null if the PEM files cannot be used; why is printed to standard error.
TlsContext LoadTls(const char* certificate, const char* key);

// For a connection that was accepted, which stays the caller's.
TlsConnection StartTls(SSL_CTX& context, int descriptor);

// Goes as far as what has arrived allows. True when it is done, nothing if it has failed.
std::optional<bool> Handshake(SSL& connection);

// As many bytes as have arrived and fit; 0 if none have.
size_t ReadTls(SSL& connection, std::span<char> to);

}  // namespace squall::bench
