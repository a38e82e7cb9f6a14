#include "tests/support/certificates.h"

#include <atomic>
#include <cstdlib>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace squall::testing {
namespace {

constexpr long kDay = 24L * 60 * 60;

// What OpenSSL cannot do here, no test can go on without.
template <typename Handle>
Handle Must(Handle handle) {
  if (!handle) std::abort();
  return handle;
}

template <typename Write>
std::string PemOf(Write write) {
  const TlsBio text(Must(BIO_new(BIO_s_mem())));
  Must(write(text.get()));
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(text.get(), &bytes);
  return std::string(bytes, static_cast<size_t>(size));
}

std::string PemOf(EVP_PKEY* key) {
  return PemOf([key](BIO* to) {
    return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string PemOf(X509* certificate) {
  return PemOf([certificate](BIO* to) { return PEM_write_bio_X509(to, certificate); });
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = Must(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Valid from three days ago until in `days`; still to be signed.
TlsCertificate MakeCertificate(EVP_PKEY* key, const std::string& name, long days) {
  static std::atomic<long> serial{1};
  TlsCertificate certificate(Must(X509_new()));
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), days * kDay);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

}  // namespace

Authority::Authority(const std::string& name)
    : key_(Must(EVP_EC_gen("P-256"))), certificate_(MakeCertificate(key_.get(), name, 3)) {
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  Must(X509_sign(certificate_.get(), key_.get(), EVP_sha256()));
}

Identity Authority::Issue(const std::string& names, Lifetime lifetime) const {
  const TlsKey key(Must(EVP_EC_gen("P-256")));
  const TlsCertificate certificate =
      MakeCertificate(key.get(), "squall test", lifetime == Lifetime::kExpired ? -1 : 3);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(certificate.get(), NID_subject_alt_name, names);
  Must(X509_sign(certificate.get(), key_.get(), EVP_sha256()));
  return {PemOf(certificate.get()), PemOf(key.get())};
}

std::string Authority::Pem() const { return PemOf(certificate_.get()); }

std::string Encrypted(const std::string& key_pem, const std::string& password) {
  const TlsBio reader(Must(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()))));
  const TlsKey key(Must(PEM_read_bio_PrivateKey(reader.get(), nullptr, nullptr, nullptr)));
  return PemOf([&](BIO* to) {
    return PEM_write_bio_PKCS8PrivateKey(to, key.get(), EVP_aes_256_cbc(), password.data(),
                                         static_cast<int>(password.size()), nullptr, nullptr);
  });
}

}  // namespace squall::testing
