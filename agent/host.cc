#include "agent/host.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <sys/utsname.h>

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
  return host;
}

}  // namespace squall
