#include "common/x509_bundle.h"

#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>

#include "common/x509_read.h"

namespace squall {
namespace {

constexpr char kWhatItIs[] =
    "a bundle of squall certs holds a certificate, its private key and its authority";

absl::Status Wrong(std::string_view what) {
  ERR_clear_error();
  return absl::InvalidArgumentError(fmt::format("{}: {}", what, kWhatItIs));
}

}  // namespace

absl::StatusOr<Bundle> ParseBundle(const std::string& pem) {
  absl::StatusOr<X509Contents> contents = ReadPem(pem);
  if (!contents.ok()) return contents.status();
  if (contents->certificates.empty()) return Wrong("there is no certificate in it");
  if (contents->certificates.size() == 1) return Wrong("there is no authority in it");
  absl::StatusOr<X509Key> key = ReadKey(pem);
  if (!key.ok()) return key.status();
  const X509* own = contents->certificates.front().get();
  if (X509_check_private_key(own, key->get()) != 1) {
    return Wrong("its private key is not that of its first certificate");
  }
  absl::StatusOr<PeerIdentity> identity = IdentityOf(own);
  if (!identity.ok()) return identity.status();
  Bundle bundle{.certificate_pem = PemOf(own),
                .key_pem = PemOf(key->get()),
                .authorities_pem = {},
                .identity = *std::move(identity),
                .not_after = TimeOf(X509_get0_notAfter(own))};
  for (size_t i = 1; i < contents->certificates.size(); ++i) {
    const X509Certificate& authority = contents->certificates[i];
    if (X509_check_ca(authority.get()) == 0) {
      return Wrong(
          fmt::format("the certificate \"{}\" in it is no authority's", NameOf(authority.get())));
    }
    bundle.authorities_pem += PemOf(authority.get());
  }
  return bundle;
}

}  // namespace squall
