#include "agent/host.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "agent/port_limit.h"

namespace squall {

v1::Host HostFacts() {
  v1::Host host;
  utsname names{};
  if (uname(&names) == 0) {
    host.set_os(fmt::format("{} {}", names.sysname, names.release));
    host.set_machine(names.machine);
  }
  // On Linux this counts the processors that the scheduler lets this process use.
  host.set_cores(std::max(1u, std::thread::hardware_concurrency()));
  double load = 0;
  if (getloadavg(&load, 1) == 1) host.set_load(load);
  host.set_ports(static_cast<uint32_t>(LocalPorts()));
  return host;
}

}  // namespace squall
