#include "common/x509_read.h"

#include <ctime>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/values.h"

namespace squall {
namespace {

using Infos = std::unique_ptr<STACK_OF(X509_INFO), decltype([](STACK_OF(X509_INFO) * infos) {
                                sk_X509_INFO_pop_free(infos, X509_INFO_free);
                              })>;

absl::Status Wrong(std::string_view what) {
  const char* why = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return absl::InvalidArgumentError(why == nullptr ? std::string(what)
                                                   : fmt::format("{} ({})", what, why));
}

std::string_view TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

// Notes that a password is needed; gives none.
int OnPassword(char*, int, int, void* asked) noexcept {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return -1;
}

X509Bio Reader(const std::string& pem) {
  return X509Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

template <typename Write>
std::string Written(Write write) {
  const X509Bio to(BIO_new(BIO_s_mem()));
  if (to == nullptr || write(to.get()) != 1) return {};
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(to.get(), &bytes);
  return std::string(bytes, static_cast<size_t>(size));
}

}  // namespace

absl::StatusOr<X509Contents> ReadPem(const std::string& pem) {
  ERR_clear_error();
  const Infos infos(PEM_X509_INFO_read_bio(Reader(pem).get(), nullptr, &OnPassword, nullptr));
  if (infos == nullptr) return Wrong("it cannot be read as PEM");
  ERR_clear_error();  // of its end
  X509Contents contents;
  for (int i = 0; i < sk_X509_INFO_num(infos.get()); ++i) {
    X509_INFO* info = sk_X509_INFO_value(infos.get(), i);
    if (info->x509 != nullptr) contents.certificates.emplace_back(std::exchange(info->x509, {}));
    if (info->crl != nullptr) contents.lists.emplace_back(std::exchange(info->crl, {}));
  }
  return contents;
}

absl::StatusOr<X509Key> ReadKey(const std::string& pem) {
  ERR_clear_error();
  bool encrypted = false;
  X509Key key(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr, &OnPassword, &encrypted));
  if (encrypted) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        "its private key is encrypted: decrypt it, e.g. openssl pkey -in FILE -out PLAIN");
  }
  if (key == nullptr) return Wrong("there is no private key in it");
  return key;
}

std::string NameOf(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return "without a name";
  return Quoted(TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

absl::StatusOr<PeerIdentity> IdentityOf(const X509* certificate) {
  const X509Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  std::optional<Role> role;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    std::string_view uri = TextOf(name->d.uniformResourceIdentifier);
    if (!uri.starts_with(kRoleScheme)) continue;
    uri.remove_prefix(kRoleScheme.size());
    const std::optional<Role> named = RoleNamed(uri);
    if (!named || role) {
      return absl::InvalidArgumentError(
          fmt::format("the certificate \"{}\" has a role that this squall does not know: issue it "
                      "by squall certs",
                      NameOf(certificate)));
    }
    role = named;
  }
  if (!role) {
    return absl::InvalidArgumentError(fmt::format(
        "the certificate \"{}\" has no role: issue it by squall certs", NameOf(certificate)));
  }
  return PeerIdentity{NameOf(certificate), *role};
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return absl::InfinitePast();
  return absl::FromTM(broken_down, absl::UTCTimeZone());
}

std::string PemOf(const X509* certificate) {
  return Written([&](BIO* to) { return PEM_write_bio_X509(to, certificate); });
}

std::string PemOf(const EVP_PKEY* key) {
  return Written([&](BIO* to) {
    return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string PemOf(const X509_CRL* list) {
  return Written([&](BIO* to) { return PEM_write_bio_X509_CRL(to, list); });
}

}  // namespace squall
