// What OpenSSL says when a TLS connection fails, in words for users.
#pragma once

#include <string>
#include <string_view>

#include <openssl/x509.h>

namespace squall {

// The names that a certificate is for, "a.test, *.b.test, 192.0.2.1 and 7 more".
std::string NamesOf(X509* certificate);

// Why a certificate was not believed: OpenSSL's number for it.
std::string DescribeVerification(int result, std::string_view host, X509* certificate);

// An error of OpenSSL's queue. `certificate_asked`: the server asked for one, and there was none.
std::string DescribeTlsError(unsigned long error, bool certificate_asked);

}  // namespace squall
