#include <algorithm>
#include <thread>

#include "agent/host_limits.h"

#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

namespace squall {

uint32_t UsableCores() { return std::max(1u, std::thread::hardware_concurrency()); }

#ifdef __APPLE__

std::string_view LocalPortsName() { return "net.inet.ip.portrange.first and .last"; }

uint64_t LocalPorts() {
  int first = 0;
  int last = 0;
  size_t size = sizeof(first);
  if (sysctlbyname("net.inet.ip.portrange.first", &first, &size, nullptr, 0) != 0 ||
      sysctlbyname("net.inet.ip.portrange.last", &last, &size, nullptr, 0) != 0 || last < first) {
    return kAllPorts;
  }
  return static_cast<uint64_t>(last - first + 1);
}

#else

std::string_view LocalPortsName() { return "the system's range of local ports"; }

uint64_t LocalPorts() { return kAllPorts; }

#endif

}  // namespace squall
