// Facts about the machine that an agent runs on. Thread-safe.
#pragma once

#include "squall/v1/control.pb.h"

namespace squall {

// Operating system, architecture, and the cores that this process may use.
v1::Host HostFacts();

}  // namespace squall
