#include "agent/tls_context.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "agent/tls_authorities.h"
#include "agent/tls_stream.h"

namespace squall {
namespace {

constexpr unsigned char kAlpn[] = "\x08http/1.1";  // a length and a name

using Infos = std::unique_ptr<STACK_OF(X509_INFO), decltype([](STACK_OF(X509_INFO) * infos) {
                                sk_X509_INFO_pop_free(infos, X509_INFO_free);
                              })>;

// `flag`, or the file, is the one that is wrong.
absl::Status Wrong(std::string_view flag, std::string_view what) {
  ERR_clear_error();
  return absl::InvalidArgumentError(fmt::format("{}: {}", flag, what));
}

// The same, with what OpenSSL says.
absl::Status Refused(std::string_view flag, std::string_view what) {
  const char* why = ERR_reason_error_string(ERR_peek_last_error());
  return Wrong(flag, why == nullptr ? std::string(what) : fmt::format("{}: {}", what, why));
}

TlsBio Reader(const std::string& pem) {
  return TlsBio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Notes that a password is needed; gives none.
int OnPassword(char*, int, int, void* asked) noexcept {
  *static_cast<bool*>(asked) = true;
  return -1;
}

absl::Status TrustAll(SSL_CTX* context, const std::string& pem) {
  const Infos infos(PEM_X509_INFO_read_bio(Reader(pem).get(), nullptr, nullptr, nullptr));
  if (infos == nullptr) return Refused("--cacert", "not readable as certificates in PEM");
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  bool any = false;
  for (int i = 0; i < sk_X509_INFO_num(infos.get()); ++i) {
    X509* certificate = sk_X509_INFO_value(infos.get(), i)->x509;
    if (certificate == nullptr) continue;
    if (X509_STORE_add_cert(store, certificate) != 1) return Refused("--cacert", "not usable");
    any = true;
  }
  if (!any) return Wrong("--cacert", "no certificate in it");
  return absl::OkStatus();
}

// Those of this machine.
absl::Status TrustSystem(SSL_CTX* context) {
  const absl::StatusOr<Authorities> found = FindAuthorities();
  if (!found.ok()) return found.status();
  const auto given = [](const std::string& path) { return path.empty() ? nullptr : path.c_str(); };
  if (SSL_CTX_load_verify_locations(context, given(found->file), given(found->folder)) != 1) {
    return Refused(found->file.empty() ? found->folder : found->file,
                   "cannot be read as certificate authorities in PEM");
  }
  return absl::OkStatus();
}

absl::Status ShowCertificate(SSL_CTX* context, const std::string& pem) {
  const TlsBio reader = Reader(pem);
  const TlsCertificate certificate(PEM_read_bio_X509_AUX(reader.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return Refused("--cert", "no certificate in PEM can be read from it");
  if (SSL_CTX_use_certificate(context, certificate.get()) != 1) {
    return Refused("--cert", "the certificate cannot be used");
  }
  while (true) {
    TlsCertificate authority(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
    if (authority == nullptr) break;
    if (SSL_CTX_add0_chain_cert(context, authority.get()) != 1) {
      return Refused("--cert", "a certificate after the first cannot be used");
    }
    (void)authority.release();
  }
  const unsigned long error = ERR_peek_last_error();
  const bool at_the_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!at_the_end) return Refused("--cert", "a certificate after the first cannot be read");
  ERR_clear_error();
  return absl::OkStatus();
}

absl::Status UseKey(SSL_CTX* context, const std::string& pem) {
  bool encrypted = false;
  const TlsKey key(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr, &OnPassword, &encrypted));
  if (encrypted) {
    return Wrong("--key",
                 "the key is encrypted: decrypt it, e.g. openssl pkey -in FILE -out PLAIN");
  }
  if (key == nullptr) return Refused("--key", "no private key in PEM can be read from it");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return Wrong("--key", "the key is not that of the certificate (--cert)");
  }
  return absl::OkStatus();
}

absl::Status Load(SSL_CTX* context, const v1::Transport& transport) {
  if (!transport.insecure()) {
    const std::string& pem = transport.ca_pem();
    absl::Status status = pem.empty() ? TrustSystem(context) : TrustAll(context, pem);
    if (!status.ok()) return status;
  }
  if (transport.client_certificate_pem().empty()) return absl::OkStatus();
  absl::Status status = ShowCertificate(context, transport.client_certificate_pem());
  if (status.ok()) status = UseKey(context, transport.client_key_pem());
  return status;
}

}  // namespace

absl::StatusOr<TlsContext> TlsContext::Make(const v1::Transport& transport) {
  ERR_clear_error();
  TlsConnections made(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = made.get();
  if (context == nullptr) return absl::ResourceExhaustedError("OpenSSL gave no context");
  SSL_CTX_set_verify(context, transport.insecure() ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  // As libcurl has it: what --cacert names is trusted, whether or not it has an authority above it.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  // Buffers go back to the heap after each record. With 8,000 connections that is 13 kB instead of
  // 26 kB for each; with 50 it is no dearer: all use the same ones, which stay in the cache.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // a record's head and body by one recv
  if (SSL_CTX_set_alpn_protos(context, kAlpn, sizeof(kAlpn) - 1) != 0) {
    return absl::ResourceExhaustedError("OpenSSL took no ALPN");
  }
  TlsStream::AddCallbacks(context);
  if (absl::Status status = Load(context, transport); !status.ok()) return status;
  return TlsContext(std::move(made), transport.insecure());
}

}  // namespace squall
