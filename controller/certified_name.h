// What an agent is called where there are certificates.
#pragma once

#include <fmt/format.h>

#include "common/identity.h"
#include "squall/v1/control.pb.h"

namespace squall {

// In a Welcome: the certificate's name, which cannot be made up; where the agent calls itself
// something else (several may share a certificate), that behind it. Without a certificate it stays
// as it is.
inline void NameByCertificate(const PeerIdentity& identity, v1::AgentMessage& message) {
  if (!message.has_welcome() || identity.name.empty()) return;
  v1::Welcome& welcome = *message.mutable_welcome();
  if (welcome.name() == identity.name) return;
  welcome.set_name(welcome.name().empty() ? identity.name
                                          : fmt::format("{}/{}", identity.name, welcome.name()));
}

}  // namespace squall
