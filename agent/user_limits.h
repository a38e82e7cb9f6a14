// How many connections the users of an agent share: one for each request in flight.
#pragma once

#include <cstdint>

#include "agent/policy.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// At least 1: as many as the plan's users could use, its owner allows, and the system has `files`
// (0: not known) and local ports for, `ports` for each pair of addresses.
uint32_t ConnectionsOfUsers(const v1::Plan& plan, const Policy& policy, uint64_t files,
                            uint64_t ports);

}  // namespace squall
