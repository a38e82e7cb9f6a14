// Makes what a private authority makes: itself, certificates with a role, and its list of revoked
// ones (RFC 5280). Keys are ECDSA P-256, signatures with SHA-256.
//
// Pure but for the random numbers of keys and serial numbers. All is PEM.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity.h"

namespace squall {

// How far before its making a certificate or list is valid: clocks are not all alike.
inline constexpr absl::Duration kClocksApart = absl::Hours(1);

struct CertificateAndKey {
  std::string certificate;
  std::string key;
};

struct Lifetime {
  absl::Time from;
  absl::Time to;
};

// An authority that signs certificates and lists, and no other authorities; its name is drawn, so
// that two are told apart.
absl::StatusOr<CertificateAndKey> MakeAuthority(const Lifetime& lifetime);

// A certificate of the authority with a key of its own. It serves both ends of a connection: who
// dials whom is up to the fleet.
absl::StatusOr<CertificateAndKey> Issue(const CertificateAndKey& authority,
                                        const PeerIdentity& identity, const Lifetime& lifetime);

// What is known of a certificate.
struct CertificateFacts {
  PeerIdentity identity;
  std::string serial;  // in hexadecimal digits
  absl::Time not_after;
};
absl::StatusOr<CertificateFacts> FactsOf(const std::string& certificate_pem);

// The authority's list with what was on `list` (empty: there was none) and these certificates. It
// is valid as long as the authority.
absl::StatusOr<std::string> Revoke(const CertificateAndKey& authority, const std::string& list,
                                   const std::vector<std::string>& certificates, absl::Time now);

// The serial numbers on a list.
absl::StatusOr<std::vector<std::string>> SerialsOn(const std::string& list);

}  // namespace squall
