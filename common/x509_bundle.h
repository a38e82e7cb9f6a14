// What one side of a control stream needs for TLS, in one file of PEM: its certificate, its private
// key, and the certificates of the authorities that it trusts, in any number.
//
// Pure; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity.h"

namespace squall {

struct Bundle {
  std::string certificate_pem;
  std::string key_pem;
  std::string authorities_pem;
  PeerIdentity identity;  // its own
  absl::Time not_after;
};

// The first certificate is its own, all others are authorities. INVALID_ARGUMENT: what is missing
// or does not fit, without the file's name. Dates are not looked at: whoever is shown the
// certificate does that.
absl::StatusOr<Bundle> ParseBundle(const std::string& pem);

}  // namespace squall
