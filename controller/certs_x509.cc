#include "controller/certs_x509.h"

#include <memory>
#include <utility>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "common/x509_read.h"

namespace squall {
namespace {

using Number = std::unique_ptr<BIGNUM, X509Free<BN_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, X509Free<ASN1_INTEGER_free>>;
using Time = std::unique_ptr<ASN1_TIME, X509Free<ASN1_TIME_free>>;
using Revoked = std::unique_ptr<X509_REVOKED, X509Free<X509_REVOKED_free>>;

constexpr int kSerialBytes = 16;

absl::Status Failure(std::string_view what) {
  const char* why = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return absl::InternalError(
      fmt::format("OpenSSL cannot make {}: {}", what, why == nullptr ? "no reason given" : why));
}

std::string DrawDigits(size_t bytes) {
  std::string drawn(bytes, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(drawn.data()), static_cast<int>(bytes));
  std::string digits;
  for (const char byte : drawn) digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return digits;
}

// Positive, and never drawn twice.
bool DrawSerial(ASN1_INTEGER* serial) {
  unsigned char bytes[kSerialBytes];
  if (RAND_bytes(bytes, kSerialBytes) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);
  const Number number(BN_bin2bn(bytes, kSerialBytes, nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), serial) != nullptr;
}

std::string DigitsOf(const ASN1_INTEGER* serial) {
  const Number number(ASN1_INTEGER_to_BN(serial, nullptr));
  char* digits = number == nullptr ? nullptr : BN_bn2hex(number.get());
  std::string text = digits == nullptr ? "" : digits;
  OPENSSL_free(digits);
  return text;
}

struct Extension {
  int nid;
  std::string value;
};

bool Extend(X509* certificate, X509* issuer, const std::vector<Extension>& extensions) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const auto& [nid, value] : extensions) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    if (!added) return false;
  }
  return true;
}

// Signed by `signer`'s key; null `issuer`: by its own.
absl::StatusOr<CertificateAndKey> Make(const std::string& name, const Lifetime& lifetime,
                                       X509* issuer, EVP_PKEY* signer,
                                       const std::vector<Extension>& extensions) {
  const X509Key key(EVP_EC_gen("P-256"));
  const X509Certificate made(X509_new());
  X509* certificate = made.get();
  if (key == nullptr || made == nullptr) return Failure("a key");
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME* subject = X509_get_subject_name(certificate);
  const bool done =
      X509_set_version(certificate, X509_VERSION_3) == 1 &&
      DrawSerial(X509_get_serialNumber(certificate)) &&
      ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(lifetime.from)) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(lifetime.to)) != nullptr &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
      X509_set_issuer_name(certificate,
                           issuer == nullptr ? subject : X509_get_subject_name(issuer)) == 1 &&
      X509_set_pubkey(certificate, key.get()) == 1 &&
      Extend(certificate, issuer == nullptr ? certificate : issuer, extensions) &&
      X509_sign(certificate, signer == nullptr ? key.get() : signer, EVP_sha256()) != 0;
  if (!done) return Failure("a certificate");
  return CertificateAndKey{PemOf(certificate), PemOf(key.get())};
}

struct Authority {
  X509Certificate certificate;
  X509Key key;
};

absl::StatusOr<Authority> Read(const CertificateAndKey& pem) {
  absl::StatusOr<X509Contents> contents = ReadPem(pem.certificate);
  if (!contents.ok()) return contents.status();
  absl::StatusOr<X509Key> key = ReadKey(pem.key);
  if (!key.ok()) return key.status();
  if (contents->certificates.empty() ||
      X509_check_private_key(contents->certificates.front().get(), key->get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("its certificate and its key do not belong together");
  }
  return Authority{std::move(contents->certificates.front()), *std::move(key)};
}

absl::StatusOr<X509List> ReadList(const std::string& pem) {
  absl::StatusOr<X509Contents> contents = ReadPem(pem);
  if (!contents.ok()) return contents.status();
  if (contents->lists.size() != 1) {
    return absl::InvalidArgumentError("there is not one list of revoked certificates in it");
  }
  return std::move(contents->lists.front());
}

bool AddToList(X509_CRL* list, const ASN1_INTEGER* serial, const ASN1_TIME* at) {
  X509_REVOKED* there = nullptr;
  if (X509_CRL_get0_by_serial(list, &there, const_cast<ASN1_INTEGER*>(serial)) != 0) return true;
  Revoked entry(X509_REVOKED_new());
  if (entry == nullptr ||
      X509_REVOKED_set_serialNumber(entry.get(), const_cast<ASN1_INTEGER*>(serial)) != 1 ||
      X509_REVOKED_set_revocationDate(entry.get(), const_cast<ASN1_TIME*>(at)) != 1 ||
      X509_CRL_add0_revoked(list, entry.get()) != 1) {
    return false;
  }
  (void)entry.release();
  return true;
}

// Lists are numbered; a list without a number was 0.
long NumberOf(const X509_CRL* list) {
  const Integer number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(list, NID_crl_number, nullptr, nullptr)));
  return number == nullptr ? 0 : ASN1_INTEGER_get(number.get());
}

bool FinishList(X509_CRL* list, const Authority& authority, long number, absl::Time now) {
  X509* issuer = authority.certificate.get();
  const Time from(ASN1_TIME_set(nullptr, absl::ToTimeT(now - kClocksApart)));
  const Integer integer(ASN1_INTEGER_new());
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, list, 0);
  X509_EXTENSION* key_id =
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always");
  const bool done =
      key_id != nullptr && integer != nullptr && ASN1_INTEGER_set(integer.get(), number) == 1 &&
      X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
      X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer)) == 1 &&
      X509_CRL_set1_lastUpdate(list, from.get()) == 1 &&
      X509_CRL_set1_nextUpdate(list, X509_get0_notAfter(issuer)) == 1 &&
      X509_CRL_add_ext(list, key_id, -1) == 1 &&
      X509_CRL_add1_ext_i2d(list, NID_crl_number, integer.get(), 0, X509V3_ADD_REPLACE) == 1 &&
      X509_CRL_sort(list) == 1 && X509_CRL_sign(list, authority.key.get(), EVP_sha256()) != 0;
  X509_EXTENSION_free(key_id);
  return done;
}

}  // namespace

absl::StatusOr<CertificateAndKey> MakeAuthority(const Lifetime& lifetime) {
  return Make(fmt::format("squall authority {}", DrawDigits(4)), lifetime, nullptr, nullptr,
              {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
               {NID_key_usage, "critical,keyCertSign,cRLSign"},
               {NID_subject_key_identifier, "hash"}});
}

absl::StatusOr<CertificateAndKey> Issue(const CertificateAndKey& authority,
                                        const PeerIdentity& identity, const Lifetime& lifetime) {
  const absl::StatusOr<Authority> issuer = Read(authority);
  if (!issuer.ok()) return issuer.status();
  return Make(identity.name, lifetime, issuer->certificate.get(), issuer->key.get(),
              {{NID_basic_constraints, "critical,CA:FALSE"},
               {NID_key_usage, "critical,digitalSignature"},
               {NID_ext_key_usage, "serverAuth,clientAuth"},
               {NID_subject_alt_name,
                fmt::format("URI:{}{},DNS:{}", kRoleScheme, NameOf(identity.role), identity.name)},
               {NID_subject_key_identifier, "hash"},
               {NID_authority_key_identifier, "keyid:always"}});
}

absl::StatusOr<CertificateFacts> FactsOf(const std::string& certificate_pem) {
  const absl::StatusOr<X509Contents> contents = ReadPem(certificate_pem);
  if (!contents.ok()) return contents.status();
  if (contents->certificates.empty()) {
    return absl::InvalidArgumentError("there is no certificate in it");
  }
  const X509* certificate = contents->certificates.front().get();
  absl::StatusOr<PeerIdentity> identity = IdentityOf(certificate);
  if (!identity.ok()) return identity.status();
  return CertificateFacts{.identity = *std::move(identity),
                          .serial = DigitsOf(X509_get0_serialNumber(certificate)),
                          .not_after = TimeOf(X509_get0_notAfter(certificate))};
}

absl::StatusOr<std::string> Revoke(const CertificateAndKey& authority, const std::string& list,
                                   const std::vector<std::string>& certificates, absl::Time now) {
  const absl::StatusOr<Authority> issuer = Read(authority);
  if (!issuer.ok()) return issuer.status();
  const X509List made(X509_CRL_new());
  if (made == nullptr) return Failure("a list");
  long number = 0;
  if (!list.empty()) {
    const absl::StatusOr<X509List> before = ReadList(list);
    if (!before.ok()) return before.status();
    number = NumberOf(before->get());
    const STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(before->get());
    for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
      const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
      if (!AddToList(made.get(), X509_REVOKED_get0_serialNumber(entry),
                     X509_REVOKED_get0_revocationDate(entry))) {
        return Failure("a list");
      }
    }
  }
  const Time at(ASN1_TIME_set(nullptr, absl::ToTimeT(now)));
  for (const std::string& pem : certificates) {
    const absl::StatusOr<X509Contents> contents = ReadPem(pem);
    if (!contents.ok()) return contents.status();
    for (const X509Certificate& certificate : contents->certificates) {
      const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate.get());
      if (!AddToList(made.get(), serial, at.get())) return Failure("a list");
    }
  }
  if (!FinishList(made.get(), *issuer, number + 1, now)) return Failure("a list");
  return PemOf(made.get());
}

absl::StatusOr<std::vector<std::string>> SerialsOn(const std::string& list) {
  const absl::StatusOr<X509List> read = ReadList(list);
  if (!read.ok()) return read.status();
  std::vector<std::string> serials;
  const STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(read->get());
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    serials.push_back(DigitsOf(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i))));
  }
  return serials;
}

}  // namespace squall
