#include <array>
#include <climits>
#include <unistd.h>

#include <sys/auxv.h>

#include "common/executable_path.h"

namespace squall {

std::string ExecutablePath() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (size > 0) return std::string(path.data(), static_cast<size_t>(size));
  // Without /proc, as in a bare chroot: as it was started, perhaps from the folder that we are in,
  // which we never leave.
  const auto* started = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  if (started != nullptr && *started != '\0') return started;
  return "squall";
}

}  // namespace squall
