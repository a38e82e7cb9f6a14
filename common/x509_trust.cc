#include "common/x509_trust.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "common/x509_read.h"

namespace squall {
namespace {

std::string Date(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

// `error` as OpenSSL numbers them, of the certificate `at` in the chain of `shown`.
std::string WhyNot(int error, const X509* at, const X509* shown, absl::Time now) {
  const std::string name = at == shown
                               ? fmt::format("the certificate \"{}\"", NameOf(shown))
                               : fmt::format("\"{}\", the authority of the certificate \"{}\",",
                                             NameOf(at), NameOf(shown));
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("{} expired on {} (it is {} here): renew it (squall certs)", name,
                         Date(TimeOf(X509_get0_notAfter(at))), Date(now));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("{} is not valid before {} (it is {} here): set the clocks", name,
                         Date(TimeOf(X509_get0_notBefore(at))), Date(now));
    case X509_V_ERR_CERT_REVOKED:
      return fmt::format("{} is revoked: issue another (squall certs)", name);
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return fmt::format(
          "the file of revoked certificates (--revoked) has no list of the authority of {}: append "
          "that authority's",
          name);
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
      return fmt::format(
          "the list of revoked certificates (--revoked) that {} is looked up in is "
          "not valid at this time: make a new one (squall certs revoke)",
          name);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return fmt::format(
          "{} is not of an authority that is trusted here: give both sides bundles of the same "
          "folder of squall certs",
          name);
    default:
      return fmt::format("{} cannot be used: {}", name, X509_verify_cert_error_string(error));
  }
}

}  // namespace

void X509Trust::Free::operator()(x509_store_st* store) const noexcept { X509_STORE_free(store); }

absl::StatusOr<X509Trust> X509Trust::Make(const std::string& authorities_pem,
                                          const std::string& lists_pem) {
  const absl::StatusOr<X509Contents> authorities = ReadPem(authorities_pem);
  if (!authorities.ok()) return authorities.status();
  const absl::StatusOr<X509Contents> lists = ReadPem(lists_pem);
  if (!lists.ok()) return lists.status();
  X509Trust trust;
  trust.store_.reset(X509_STORE_new());
  for (const X509Certificate& authority : authorities->certificates) {
    X509_STORE_add_cert(trust.store_.get(), authority.get());
  }
  for (const X509List& list : lists->lists) {
    const auto signs = [&list](const X509Certificate& authority) {
      return X509_CRL_verify(list.get(), X509_get0_pubkey(authority.get())) == 1;
    };
    if (std::none_of(authorities->certificates.begin(), authorities->certificates.end(), signs)) {
      ERR_clear_error();
      return absl::InvalidArgumentError(
          "a list of revoked certificates in it is not of an authority that the bundle (--tls) "
          "holds");
    }
    X509_STORE_add_crl(trust.store_.get(), list.get());
  }
  trust.has_lists_ = !lists->lists.empty();
  if (!lists_pem.empty() && !trust.has_lists_) {
    return absl::InvalidArgumentError("there is no list of revoked certificates in it");
  }
  ERR_clear_error();
  return trust;
}

absl::StatusOr<PeerIdentity> X509Trust::Judge(const std::string& certificate_pem, TlsSide side,
                                              absl::Time now) const {
  const absl::StatusOr<X509Contents> shown = ReadPem(certificate_pem);
  if (!shown.ok() || shown->certificates.empty()) {
    return absl::UnauthenticatedError("the certificate that was shown cannot be read");
  }
  X509* certificate = shown->certificates.front().get();
  const X509StoreContext context(X509_STORE_CTX_new());
  if (context == nullptr ||
      X509_STORE_CTX_init(context.get(), store_.get(), certificate, nullptr) != 1) {
    return absl::UnauthenticatedError("there is no memory to verify a certificate");
  }
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(param, absl::ToTimeT(now));
  X509_VERIFY_PARAM_set_purpose(
      param, side == TlsSide::kClient ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER);
  // What the bundle holds is trusted, whether or not it has an authority above it.
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
  if (has_lists_) flags |= X509_V_FLAG_CRL_CHECK;
  X509_VERIFY_PARAM_set_flags(param, flags);
  const bool believed = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!believed) {
    const X509* at = X509_STORE_CTX_get_current_cert(context.get());
    return absl::UnauthenticatedError(WhyNot(X509_STORE_CTX_get_error(context.get()),
                                             at == nullptr ? certificate : at, certificate, now));
  }
  absl::StatusOr<PeerIdentity> identity = IdentityOf(certificate);
  if (!identity.ok()) return absl::UnauthenticatedError(identity.status().message());
  return identity;
}

}  // namespace squall
