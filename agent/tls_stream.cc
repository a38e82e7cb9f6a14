#include "agent/tls_stream.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "agent/tls_error.h"

namespace squall {
namespace {

bool IsAddress(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Of a name that ends with the dot of the root, certificates and SNI know the rest (RFC 6066, 3).
std::string WithoutRoot(std::string host) {
  if (host.ends_with('.')) host.pop_back();
  return host;
}

// What others left in the thread's queue would be taken for the outcome of the next call. To look
// is a tenth of the cost of clearing a queue that is empty.
void ForgetErrors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

TlsStream::TlsStream(const TlsContext& context, TlsSessions& sessions, int socket, std::string host,
                     std::string origin)
    : sessions_(sessions),
      socket_(socket),
      host_(WithoutRoot(std::move(host))),
      origin_(std::move(origin)),
      ssl_(SSL_new(context.get())) {
  if (!Prepare(context.insecure())) {
    Failed("OpenSSL gave no connection");
    ssl_.reset();
    ForgetErrors();
  }
}

TlsStream::~TlsStream() {
  // Otherwise OpenSSL would take the session for one of a connection that was cut short, which must
  // not be taken up again: cut short or not, this is not for it to find out.
  if (ssl_ != nullptr) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

bool TlsStream::Prepare(bool insecure) {
  SSL* ssl = ssl_.get();
  if (ssl == nullptr) return false;
  TlsBio bio = socket_.MakeBio();
  if (bio == nullptr) return false;
  BIO* both_ways = bio.release();
  SSL_set_bio(ssl, both_ways, both_ways);
  SSL_set_connect_state(ssl);
  SSL_set_app_data(ssl, this);

  const bool address = IsAddress(host_);
  if (!address && SSL_set_tlsext_host_name(ssl, host_.c_str()) != 1) return false;
  if (!insecure) {
    X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, host_.c_str())
                            : X509_VERIFY_PARAM_set1_host(parameters, host_.data(), host_.size());
    if (set != 1) return false;
  }
  if (SSL_SESSION* session = sessions_.Find(origin_)) SSL_set_session(ssl, session);
  return true;
}

TlsStream::Status TlsStream::Handshake() noexcept {
  if (ssl_ == nullptr) return Status::kFailed;
  ForgetErrors();
  socket_.Refresh();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return Stopped(result);
  established_ = true;
  return Status::kDone;
}

TlsStream::Io TlsStream::Read(char* buffer, size_t size) noexcept {
  ForgetErrors();
  if (!more_) socket_.Refresh();
  size_t bytes = 0;
  if (SSL_read_ex(ssl_.get(), buffer, size, &bytes) != 1) {
    more_ = false;
    return {Stopped(0), 0, false};
  }
  more_ = SSL_has_pending(ssl_.get()) == 1;
  return {Status::kDone, bytes, more_};
}

TlsStream::Io TlsStream::Write(const char* data, size_t size) noexcept {
  if (size == 0) return {Status::kDone, 0, false};
  ForgetErrors();
  size_t bytes = 0;
  if (SSL_write_ex(ssl_.get(), data, size, &bytes) != 1) return {Stopped(0), 0, false};
  return {Status::kDone, bytes, false};
}

void TlsStream::Close() noexcept {
  if (!established_) return;
  ForgetErrors();
  SSL_shutdown(ssl_.get());
  ForgetErrors();
}

bool TlsStream::resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_.get()) == 1; }

// Why a call of OpenSSL's has not been done.
TlsStream::Status TlsStream::Stopped(int result) noexcept {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Status::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Status::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return established_ ? Status::kClosed : Failed("connection closed during the TLS handshake");
    default:
      break;
  }
  const unsigned long error = ERR_peek_error();
  ForgetErrors();
  if (socket_.ended() || socket_.error() != 0) return Broken();
  return Failed(DescribeTlsError(error, certificate_asked_));
}

TlsStream::Status TlsStream::Broken() {
  const std::string how =
      socket_.error() == 0 ? "connection closed"
                           : fmt::format("connection broken: {}", std::strerror(socket_.error()));
  if (!established_) return Failed(how + " during the TLS handshake");
  error_ = socket_.error() == 0 ? how + " without TLS's close_notify" : how;
  return Status::kCutShort;
}

TlsStream::Status TlsStream::Failed(std::string error) {
  // What verification said is nearer to the cause.
  if (error_.empty()) error_ = std::move(error);
  // Whether or not the session was the reason: the next handshake is a full one.
  sessions_.Forget(origin_);
  return Status::kFailed;
}

void TlsStream::AddCallbacks(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &OnSession);
  SSL_CTX_set_client_cert_cb(context, &OnCertificateAsked);
  // Without verification OpenSSL asks all the same, and takes no notice.
  const int mode = SSL_CTX_get_verify_mode(context);
  SSL_CTX_set_verify(context, mode, mode == SSL_VERIFY_NONE ? nullptr : &OnVerified);
}

TlsStream& TlsStream::Of(const SSL* ssl) { return *static_cast<TlsStream*>(SSL_get_app_data(ssl)); }

// The session is ours if the answer is 1.
int TlsStream::OnSession(SSL* ssl, SSL_SESSION* session) noexcept {
  TlsStream& stream = Of(ssl);
  stream.sessions_.Keep(stream.origin_, TlsSession(session));
  return 1;
}

// Called only where the context has no certificate; 0: go on without one.
int TlsStream::OnCertificateAsked(SSL* ssl, X509**, EVP_PKEY**) noexcept {
  Of(ssl).certificate_asked_ = true;
  return 0;
}

int TlsStream::OnVerified(int good, X509_STORE_CTX* verification) noexcept {
  if (good == 1) return good;
  TlsStream& stream = Of(static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx())));
  stream.error_ = DescribeVerification(X509_STORE_CTX_get_error(verification), stream.host_,
                                       X509_STORE_CTX_get0_cert(verification));
  return good;
}

}  // namespace squall
