// Which certificates are believed: those of some authorities that are not on their lists of revoked
// ones.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity.h"

struct x509_store_st;  // OpenSSL's

namespace squall {

// Which way the connection was made.
enum class TlsSide { kClient, kServer };

class X509Trust {
 public:
  // Lists in PEM, one for each authority; empty: none is asked. INVALID_ARGUMENT if something
  // cannot be read, or a list is not of one of the authorities.
  static absl::StatusOr<X509Trust> Make(const std::string& authorities_pem,
                                        const std::string& lists_pem);

  // Whose certificate it is, shown by the `side` of a connection. UNAUTHENTICATED: why it is not
  // believed at `now`, and what to do; a sentence for whoever showed it as well as for whoever was
  // shown it. Any thread.
  absl::StatusOr<PeerIdentity> Judge(const std::string& certificate_pem, TlsSide side,
                                     absl::Time now) const;

 private:
  struct Free {
    void operator()(x509_store_st* store) const noexcept;
  };

  X509Trust() = default;

  std::unique_ptr<x509_store_st, Free> store_;
  bool has_lists_ = false;
};

}  // namespace squall
