// Sockets that are closed on exec and do not block: twins, chosen as those in files are
// (CMakeLists.txt).
#pragma once

#include <fcntl.h>

#include <sys/socket.h>

namespace squall {

inline void MakeQuiet(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

// As accept().
#if defined(__linux__) && !defined(SQUALL_PORTABLE)

// At once, so that no process started meanwhile inherits it.
inline int AcceptQuietly(int listener, sockaddr* name, socklen_t* size) {
  return accept4(listener, name, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

#else

inline int AcceptQuietly(int listener, sockaddr* name, socklen_t* size) {
  const int fd = accept(listener, name, size);
  if (fd >= 0) MakeQuiet(fd);
  return fd;
}

#endif

}  // namespace squall
