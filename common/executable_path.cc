#include "common/executable_path.h"

#include <array>
#include <climits>
#include <cstdint>
#include <unistd.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>
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
  return "squall";
}

}  // namespace squall
