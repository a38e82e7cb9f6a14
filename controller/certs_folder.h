// The folder of a private authority, on the machine of whoever gives certificates out:
//
//   authority.pem       its certificate            authority.key   its key, which stays here
//   revoked.pem         its list of revoked certificates, to be copied
//   agents/NAME.pem, controllers/NAME.pem          bundles, each to be copied to its owner
//   issued/SERIAL.pem   every certificate that was ever given out
//
// Only its owner can read any of it. Errors carry the path.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity.h"
#include "controller/certs_x509.h"

namespace squall {

// A certificate that was given out.
struct IssuedCertificate {
  PeerIdentity identity;
  absl::Time not_after;
  bool revoked = false;
};

class CertsFolder {
 public:
  // Makes an authority in a folder that is new or empty, with an empty list.
  static absl::StatusOr<CertsFolder> Create(const std::string& path, absl::Duration lifetime,
                                            absl::Time now);
  static absl::StatusOr<CertsFolder> Open(const std::string& path);

  // Writes a bundle and returns its path. A name has one role for good. ALREADY_EXISTS: there is
  // one, and it is not to `renew` it. A new one has a new key; the old one stays valid until it
  // expires or is revoked.
  absl::StatusOr<std::string> Issue(const PeerIdentity& identity, absl::Duration lifetime,
                                    bool renew, absl::Time now) const;

  // All certificates of these names that have not expired; returns the path of the list. NOT_FOUND,
  // and nothing is revoked, if a name has none.
  absl::StatusOr<std::string> Revoke(const std::vector<std::string>& names, absl::Time now) const;

  // By name, the one that expires last first.
  absl::StatusOr<std::vector<IssuedCertificate>> List() const;

 private:
  struct Record {
    std::string pem;
    CertificateFacts facts;
  };

  CertsFolder(std::string path, CertificateAndKey authority)
      : path_(std::move(path)), authority_(std::move(authority)) {}

  absl::StatusOr<std::vector<Record>> Records() const;
  std::string BundleOf(const PeerIdentity& identity) const;

  std::string path_;
  CertificateAndKey authority_;
};

// Letters, digits, and between them . _ - ; at most 64 characters.
absl::Status CheckCertificateName(std::string_view name);

}  // namespace squall
