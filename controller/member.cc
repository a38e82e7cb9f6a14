#include "controller/member.h"

#include <fmt/format.h>

namespace squall {

std::string Named(const Member& member) {
  const AgentResult& agent = member.result;
  if (agent.name.empty() || agent.name == agent.address) {
    return fmt::format("agent {}", agent.address);
  }
  return fmt::format("agent {} ({})", agent.name, agent.address);
}

std::string Reason(const AgentClosed& closed) {
  return closed.status.ok() ? "it ended the conversation" : std::string(closed.status.message());
}

}  // namespace squall
