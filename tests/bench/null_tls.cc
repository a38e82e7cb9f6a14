#include "tests/bench/null_tls.h"

#include <cstdio>

#include <openssl/err.h>

namespace squall::bench {

TlsContext LoadTls(const char* certificate, const char* key) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key, SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    return nullptr;
  }
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  SSL_CTX_set_read_ahead(context.get(), 1);  // one recv takes all records that have arrived
  return context;
}

TlsConnection StartTls(SSL_CTX& context, int descriptor) {
  TlsConnection connection(SSL_new(&context));
  SSL_set_fd(connection.get(), descriptor);
  SSL_set_accept_state(connection.get());
  return connection;
}

std::optional<bool> Handshake(SSL& connection) {
  const int result = SSL_do_handshake(&connection);
  if (result == 1) return true;
  const bool waits = SSL_get_error(&connection, result) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  return waits ? std::optional(false) : std::nullopt;
}

size_t ReadTls(SSL& connection, std::span<char> to) {
  size_t size = 0;
  do {
    size_t more = 0;
    if (SSL_read_ex(&connection, to.data() + size, to.size() - size, &more) != 1) break;
    size += more;
  } while (size < to.size() && SSL_has_pending(&connection) == 1);
  ERR_clear_error();
  return size;
}

}  // namespace squall::bench
