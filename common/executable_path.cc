#include "common/executable_path.h"

#include <array>
#include <climits>
#include <cstdint>
#include <unistd.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif
#ifdef __linux__
#include <sys/auxv.h>
#endif

namespace squall {

std::string ExecutablePath() {
  std::array<char, PATH_MAX> path{};
#ifdef __APPLE__
  uint32_t size = path.size();
  if (_NSGetExecutablePath(path.data(), &size) == 0) return path.data();
#else
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (size > 0) return std::string(path.data(), static_cast<size_t>(size));
#endif
#ifdef __linux__
  // Without /proc, as in a bare chroot: as it was started, perhaps from the folder that we are in,
  // which we never leave.
  const auto* started = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  if (started != nullptr && *started != '\0') return started;
#endif
  return "squall";
}

}  // namespace squall
