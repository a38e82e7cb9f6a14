#include "agent/host.h"

#include <cstdlib>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "agent/host_limits.h"

namespace squall {

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
