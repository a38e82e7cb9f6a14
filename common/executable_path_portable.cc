#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <unistd.h>

#include "common/executable_path.h"

#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

namespace squall {

#ifdef __APPLE__

std::string ExecutablePath() {
  std::array<char, PATH_MAX> path{};
  uint32_t size = path.size();
  return _NSGetExecutablePath(path.data(), &size) == 0 ? path.data() : "squall";
}

#else

// As it was called: a path, or a name that was found where $PATH says. Wrong if the working
// directory was changed since.
std::string ExecutablePath() {
  const std::string_view called = program_invocation_name;
  std::error_code error;
  if (called.find('/') != std::string_view::npos) {
    const std::filesystem::path path = std::filesystem::absolute(called, error);
    return error ? std::string(called) : path.string();
  }
  const char* folders = std::getenv("PATH");
  std::string_view rest = folders != nullptr ? folders : "";
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const std::filesystem::path path = std::filesystem::path(rest.substr(0, end)) / called;
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (access(path.c_str(), X_OK) == 0) return std::filesystem::absolute(path, error).string();
  }
  return "squall";
}

#endif

}  // namespace squall
