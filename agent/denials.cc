#include "agent/denials.h"

#include <fmt/format.h>

namespace squall {

std::string WhyDenied(const PeerIdentity& identity, const v1::ControllerMessage& message) {
  if (identity.role == Role::kRun) return "";
  const bool looks = message.has_hello() && message.hello().check();
  const bool asks =
      message.has_ping() && message.ping().padding().empty() && message.ping().reply_bytes() == 0;
  if (identity.role == Role::kView && (looks || asks)) return "";
  return fmt::format(
      "the certificate \"{}\" of role {} allows a look alone (squall fleet check): what is asked "
      "for "
      "needs one of role run (squall certs controller)",
      identity.name, NameOf(identity.role));
}

}  // namespace squall
