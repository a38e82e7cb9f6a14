// What this machine calls itself.
#pragma once

#include <string>

namespace squall {

// The machine's name; "unknown" if it has none. Thread-safe.
std::string HostName();

}  // namespace squall
