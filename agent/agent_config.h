// agent.yaml: the agent's flags as settings, and what its owner lets it do (docs/security.md).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "agent/agent_command.h"
#include "agent/policy.h"

namespace squall {

struct AgentConfig {
  AgentFlags flags;  // as far as they are set there
  Policy policy;
};

// INVALID_ARGUMENT or NOT_FOUND: "agent.yaml:7:3: max_conections: unknown; did you mean
// max_connections?"
absl::StatusOr<AgentConfig> ReadAgentConfig(const std::string& file);

// The same, of its text. Pure.
absl::StatusOr<AgentConfig> ParseAgentConfig(const std::string& text, std::string_view file);

// What is not given by a flag is as the file has it.
void Complete(AgentFlags& flags, AgentFlags from_file);

}  // namespace squall
