#include <algorithm>
#include <fstream>
#include <sched.h>
#include <thread>

#include "agent/host_limits.h"

namespace squall {

// Those that the scheduler lets it use: hardware_concurrency() counts all of the machine with glibc
// 2.36.
uint32_t UsableCores() {
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof(usable), &usable) == 0) {
    return static_cast<uint32_t>(std::max(1, CPU_COUNT(&usable)));
  }
  return std::max(1u, std::thread::hardware_concurrency());
}

std::string_view LocalPortsName() { return "net.ipv4.ip_local_port_range"; }

uint64_t LocalPorts() {
  uint64_t first = 0;
  uint64_t last = 0;
  std::ifstream range("/proc/sys/net/ipv4/ip_local_port_range");
  if (!(range >> first >> last) || last < first) return kAllPorts;
  return last - first + 1;
}

}  // namespace squall
