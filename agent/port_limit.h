// Whether an agent's connections can have a local port each.
//
// A connection is told from all others by its four numbers: addresses and ports of both ends. So of
// connections from one address to another and its port there can be no more than ports that the
// system gives out.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "squall/v1/control.pb.h"

namespace squall {

// INVALID_ARGUMENT, naming the limit, if a share of a plan with a single destination needs more
// connections than there are ports, `ports` for each pair of addresses. Where it cannot tell, all
// is well. Looks the destination's name up, and so may block, only if its number of addresses
// matters.
absl::Status CheckPortLimit(const v1::Prepare& prepare, uint64_t ports);

}  // namespace squall
