// What the system lets a process have. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace squall {

// The cores that this process may use; at least 1.
uint32_t UsableCores();

// How many local ports the system gives out; where it cannot be asked, all that are not for
// services. And what it calls the limit.
uint64_t LocalPorts();
std::string_view LocalPortsName();

inline constexpr uint64_t kAllPorts = 65535 - 1024;

}  // namespace squall
