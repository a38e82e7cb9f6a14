#include "common/output.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace squall {

void HoldStandardStreams() {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(standard, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is this one. The way it is opened, using it fails as before.
    const int mode = standard == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (open("/dev/null", mode) != standard) return;
  }
}

bool Write(std::FILE* file, std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fflush(file) == 0 && written;
}

}  // namespace squall
