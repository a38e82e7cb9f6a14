#include "agent/denials.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "agent/session_messages.h"
#include "common/values.h"

namespace squall {

bool Denials::Deny(const LinkMessage& event) {
  const PeerIdentity identity = event.link->identity();
  const std::string why = WhyDenied(identity, event.message);
  if (why.empty()) return false;
  if (const auto left_out = log_limit_.Ask(SteadyNow())) {
    spdlog::warn("event=denied name=\"{}\" peer={} reason=\"{}\" not_logged={}", identity.name,
                 event.link->peer(), LogValue(why), *left_out);
  }
  event.link->Send(FailedMessage(v1::Failed::CODE_DENIED, why));
  event.link->Finish();
  return true;
}

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
