#include "agent/service_notify.h"

#include <cstddef>
#include <fcntl.h>
#include <limits>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/values.h"

namespace squall {
namespace {

// A datagram socket to the manager's, or -1. A name that begins with @ is in Linux's abstract name
// space: a zero byte takes the place of the @.
int Connect(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_name = name.starts_with('/') || name.starts_with('@');
  if (!is_name || name.size() < 2 || name.size() >= sizeof address.sun_path) return -1;
  name.copy(address.sun_path, name.size());
  if (name.starts_with('@')) address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0) return -1;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0) return fd;
  close(fd);
  return -1;
}

// $WATCHDOG_USEC, unless $WATCHDOG_PID says that it is meant for another process.
Nanos Patience(const Environment& environment, int pid) {
  constexpr Nanos kMicrosecond = 1000;
  constexpr uint64_t kMost = std::numeric_limits<Nanos>::max() / kMicrosecond;
  const auto micros = ParseWholeNumber(environment("WATCHDOG_USEC"), 1, kMost);
  const std::string whose = environment("WATCHDOG_PID");
  if (!micros.ok() || (!whose.empty() && whose != std::to_string(pid))) return kForever;
  return static_cast<Nanos>(*micros) * kMicrosecond;
}

}  // namespace

ServiceNotify::ServiceNotify(const Environment& environment, int pid)
    : fd_(Connect(environment("NOTIFY_SOCKET"))) {
  if (connected()) patience_ = Patience(environment, pid);
}

ServiceNotify::~ServiceNotify() {
  if (connected()) close(fd_);
}

void ServiceNotify::Ready(std::string_view status) const {
  Say(fmt::format("READY=1\nSTATUS={}", status));
}

void ServiceNotify::Alive(std::string_view status) const {
  Say(fmt::format("WATCHDOG=1\nSTATUS={}", status));
}

void ServiceNotify::Stopping() const { Say("STOPPING=1\nSTATUS=stopping"); }

void ServiceNotify::Say(std::string_view lines) const {
  if (connected()) (void)send(fd_, lines.data(), lines.size(), MSG_DONTWAIT);
}

}  // namespace squall
