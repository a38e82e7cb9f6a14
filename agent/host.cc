#include "agent/host.h"

#include <algorithm>
#include <cstdlib>
#include <sched.h>
#include <thread>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "agent/port_limit.h"

namespace squall {

namespace {

// Those that the scheduler lets this process use, where the system tells. hardware_concurrency()
// counts all of the machine with glibc 2.36.
uint32_t UsableCores() {
#ifdef __linux__
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof(usable), &usable) == 0) {
    return static_cast<uint32_t>(std::max(1, CPU_COUNT(&usable)));
  }
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

v1::Host HostFacts() {
  v1::Host host;
  utsname names{};
  if (uname(&names) == 0) {
    host.set_os(fmt::format("{} {}", names.sysname, names.release));
    host.set_machine(names.machine);
  }
  host.set_cores(UsableCores());
  double load = 0;
  if (getloadavg(&load, 1) == 1) host.set_load(load);
  host.set_ports(static_cast<uint32_t>(LocalPorts()));
  return host;
}

}  // namespace squall
