// OpenSSL's handles as owners: move-only, freed by what OpenSSL provides for it.
#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace squall {

template <auto Free>
struct TlsFree {
  template <typename Handle>
  void operator()(Handle* handle) const noexcept {
    Free(handle);
  }
};

using TlsBio = std::unique_ptr<BIO, TlsFree<BIO_free>>;
using TlsCertificate = std::unique_ptr<X509, TlsFree<X509_free>>;
using TlsKey = std::unique_ptr<EVP_PKEY, TlsFree<EVP_PKEY_free>>;
using TlsSession = std::unique_ptr<SSL_SESSION, TlsFree<SSL_SESSION_free>>;
using TlsConnection = std::unique_ptr<SSL, TlsFree<SSL_free>>;
using TlsConnections = std::unique_ptr<SSL_CTX, TlsFree<SSL_CTX_free>>;

}  // namespace squall
