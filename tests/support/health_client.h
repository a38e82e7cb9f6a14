// Somebody who supervises an agent: asks it by gRPC whether it is well.
#pragma once

#include <string>

#include "common/clock.h"

namespace squall::testing {

// "SERVING"; or why there is no such answer: the name of gRPC's code, "DEADLINE_EXCEEDED". Waits
// for `patience` at most.
std::string AskHealth(const std::string& address, const std::string& service, Nanos patience);

}  // namespace squall::testing
