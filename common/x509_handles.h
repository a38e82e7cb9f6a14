// OpenSSL's handles of certificates, keys and lists as owners: move-only, freed by what OpenSSL
// provides for it.
#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace squall {

template <auto Free>
struct X509Free {
  template <typename Handle>
  void operator()(Handle* handle) const noexcept {
    Free(handle);
  }
};

using X509Bio = std::unique_ptr<BIO, X509Free<BIO_free>>;
using X509Certificate = std::unique_ptr<X509, X509Free<X509_free>>;
using X509Key = std::unique_ptr<EVP_PKEY, X509Free<EVP_PKEY_free>>;
using X509List = std::unique_ptr<X509_CRL, X509Free<X509_CRL_free>>;
using X509Names = std::unique_ptr<GENERAL_NAMES, X509Free<GENERAL_NAMES_free>>;
using X509StoreContext = std::unique_ptr<X509_STORE_CTX, X509Free<X509_STORE_CTX_free>>;

}  // namespace squall
