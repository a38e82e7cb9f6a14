// Certificates made for tests, in memory; nothing is stored.
#pragma once

#include <string>

#include "agent/tls_handles.h"

namespace squall::testing {

// A certificate and its private key, in PEM.
struct Identity {
  std::string certificate_pem;
  std::string key_pem;
};

// Signs the certificates of servers and clients.
class Authority {
 public:
  enum class Lifetime { kGood, kExpired };

  explicit Authority(const std::string& name);

  // `names` are alternative names as OpenSSL's configuration has them: "DNS:a.test,IP:127.0.0.1".
  Identity Issue(const std::string& names, Lifetime lifetime = Lifetime::kGood) const;
  // Its own certificate.
  std::string Pem() const;

 private:
  TlsKey key_;
  TlsCertificate certificate_;
};

// The same key with a password.
std::string Encrypted(const std::string& key_pem, const std::string& password);

}  // namespace squall::testing
