// What was found of a fleet that would spoil a run over it.
#pragma once

#include <string>
#include <vector>

#include "controller/agent_probe.h"

namespace squall {

// A line for each kind. What keeps an agent from being used at all is not among them.
std::vector<std::string> FleetWarnings(const std::vector<AgentCheck>& agents);

}  // namespace squall
