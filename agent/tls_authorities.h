// Where this machine keeps the certificate authorities that it trusts, for both transports.
//
// OpenSSL and libcurl each know one place: that of the system that they were built on. A program
// that is copied from machine to machine has to look.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "agent/state_folder.h"

namespace squall {

struct Authorities {
  std::string file;    // of certificates in PEM; may be empty
  std::string folder;  // of such files, named by hash (openssl rehash); may be empty
};

// $SSL_CERT_FILE and $SSL_CERT_DIR, as OpenSSL knows them: where one is set, they are all that
// counts. Otherwise the bundle where distributions have it, and the folder that this OpenSSL was
// made with. `has` tells whether there is something at a path: a file with something in it, or such
// a folder. FAILED_PRECONDITION: what is missing, and what to do.
absl::StatusOr<Authorities> FindAuthorities(const Environment& environment,
                                            const std::function<bool(const std::string&)>& has);

// Of this machine and process. Reads no certificate.
absl::StatusOr<Authorities> FindAuthorities();

}  // namespace squall
