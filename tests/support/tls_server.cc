#include "tests/support/tls_server.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/socket.h>

namespace squall::testing {
namespace {

TlsBio Reader(const std::string& pem) {
  return TlsBio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

TlsCertificate ReadCertificate(const std::string& pem) {
  return TlsCertificate(PEM_read_bio_X509(Reader(pem).get(), nullptr, nullptr, nullptr));
}

int OnProtocols(SSL*, const unsigned char** chosen, unsigned char* size,
                const unsigned char* offered, unsigned int offered_size, void* server) noexcept {
  const std::string& wanted = static_cast<const TlsServer*>(server)->protocol();
  if (wanted.empty()) return SSL_TLSEXT_ERR_NOACK;
  for (unsigned int at = 0; at < offered_size; at += 1u + offered[at]) {
    if (wanted == std::string(reinterpret_cast<const char*>(offered + at + 1), offered[at])) {
      *chosen = offered + at + 1;
      *size = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

TlsServer::TlsServer(const TlsServerOptions& options)
    : protocol_(options.protocol), context_(SSL_CTX_new(TLS_server_method())) {
  SSL_CTX* context = context_.get();
  const TlsKey key(
      PEM_read_bio_PrivateKey(Reader(options.identity.key_pem).get(), nullptr, nullptr, nullptr));
  SSL_CTX_use_certificate(context, ReadCertificate(options.identity.certificate_pem).get());
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) std::abort();
  SSL_CTX_set_min_proto_version(context, options.version);
  SSL_CTX_set_max_proto_version(context, options.version);
  const unsigned char id[] = "squall";
  SSL_CTX_set_session_id_context(context, id, sizeof(id));
  SSL_CTX_set_alpn_select_cb(context, &OnProtocols, this);
  if (!options.client_authority_pem.empty()) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
                        ReadCertificate(options.client_authority_pem).get());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
}

TlsServerEnd::TlsServerEnd(const TlsServer& server) : ssl_(SSL_new(server.context())) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) std::abort();
  client_ = ends[0];
  server_ = ends[1];
  for (int end : ends) fcntl(end, F_SETFL, O_NONBLOCK);
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_accept_state(ssl_.get());
}

TlsServerEnd::~TlsServerEnd() {
  Close();
  close(client_);
}

bool TlsServerEnd::Turn(size_t most) {
  const bool came = TakeIn();
  GoOn();
  return SendOut(most) || came;
}

void TlsServerEnd::Say(const std::string& plaintext) {
  size_t said = 0;
  if (SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &said) != 1) std::abort();
}

void TlsServerEnd::SayRaw(const std::string& bytes) { outgoing_ += bytes; }

void TlsServerEnd::SayGoodbye() { SSL_shutdown(ssl_.get()); }

void TlsServerEnd::Close() {
  if (server_ >= 0) close(server_);
  server_ = -1;
}

bool TlsServerEnd::established() const { return SSL_is_init_finished(ssl_.get()) == 1; }

bool TlsServerEnd::resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

std::string TlsServerEnd::server_name() const {
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

std::string TlsServerEnd::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return std::string(reinterpret_cast<const char*>(name), size);
}

bool TlsServerEnd::TakeIn() {
  char bytes[16384];
  bool any = false;
  ssize_t count = 0;
  while (server_ >= 0 && (count = recv(server_, bytes, sizeof(bytes), 0)) > 0) {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes, static_cast<int>(count));
    any = true;
  }
  return any;
}

void TlsServerEnd::GoOn() {
  char bytes[16384];
  size_t count = 0;
  while (SSL_read_ex(ssl_.get(), bytes, sizeof(bytes), &count) == 1) heard_.append(bytes, count);
  if ((SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0) ended_ = true;
  ERR_clear_error();
}

bool TlsServerEnd::SendOut(size_t most) {
  char bytes[16384];
  int count = 0;
  while ((count = BIO_read(SSL_get_wbio(ssl_.get()), bytes, sizeof(bytes))) > 0) {
    outgoing_.append(bytes, static_cast<size_t>(count));
  }
  const ssize_t sent =
      server_ < 0 ? -1
                  : send(server_, outgoing_.data(), std::min(most, outgoing_.size()), MSG_NOSIGNAL);
  if (sent <= 0) return false;
  outgoing_.erase(0, static_cast<size_t>(sent));
  return true;
}

}  // namespace squall::testing
