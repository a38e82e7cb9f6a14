// What was found of a fleet before a run, as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/agent_probe.h"
#include "controller/terminal.h"

namespace squall {

// A run can have every one of them now.
bool AllOk(const std::vector<AgentCheck>& agents);

// Ends with a line feed. The offset of a clock is not told: it only says when machines were
// started.
std::string FleetCheckText(const std::vector<AgentCheck>& agents, const TextStyle& style);

// docs/fleet.md has the keys.
std::string FleetCheckJson(const std::vector<AgentCheck>& agents, absl::Time checked_at);

}  // namespace squall
