// Facts about the machine that an agent runs on. Thread-safe.
#pragma once

#include <string>

#include "squall/v1/control.pb.h"

namespace squall {

// Operating system, architecture, and the cores that this process may use.
v1::Host HostFacts();

// The machine's name, or "agent" if it has none.
std::string HostName();

}  // namespace squall
