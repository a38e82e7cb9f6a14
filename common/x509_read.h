// Certificates, keys and lists of revoked certificates as they are read from PEM.
//
// Pure; any thread. Errors are sentences without the file's name.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity.h"
#include "common/x509_handles.h"

namespace squall {

// What a text in PEM holds, in its order; other kinds of entries are passed over.
struct X509Contents {
  std::vector<X509Certificate> certificates;
  std::vector<X509List> lists;
};

// INVALID_ARGUMENT if an entry cannot be read.
absl::StatusOr<X509Contents> ReadPem(const std::string& pem);

// The first private key of the text. INVALID_ARGUMENT: there is none, or it is encrypted.
absl::StatusOr<X509Key> ReadKey(const std::string& pem);

// The name of its subject, in a form that is safe to print.
std::string NameOf(const X509* certificate);

// INVALID_ARGUMENT if it has no role, or more than one.
absl::StatusOr<PeerIdentity> IdentityOf(const X509* certificate);

absl::Time TimeOf(const ASN1_TIME* time);

// As PEM.
std::string PemOf(const X509* certificate);
std::string PemOf(const EVP_PKEY* key);
std::string PemOf(const X509_CRL* list);

}  // namespace squall
