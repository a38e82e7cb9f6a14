#include "common/parent_watch.h"

#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <sys/socket.h>

namespace squall {

ParentWatch::ParentWatch(int fd, std::function<void()> gone) : fd_(fd) {
  fcntl(fd_, F_SETFD, FD_CLOEXEC);
  thread_ = std::thread([this, gone = std::move(gone)]() noexcept {
    char byte = 0;
    while (read(fd_, &byte, 1) > 0) {
    }
    if (!ending_) gone();
  });
}

ParentWatch::~ParentWatch() {
  ending_ = true;
  shutdown(fd_, SHUT_RDWR);  // ends the wait
  thread_.join();
}

bool ParentWatch::Say(std::string_view words) const {
  return write(fd_, words.data(), words.size()) == static_cast<ssize_t>(words.size());
}

}  // namespace squall
