// The calls of the hot path, and what only some systems know, in one form: twins, chosen as
// those in files are (CMakeLists.txt).
#pragma once

#include <cstddef>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#if defined(__linux__) && !defined(SQUALL_PORTABLE)
#include <unistd.h>

#include <sys/syscall.h>
#endif

namespace squall {

// Not set where it is missing (macOS): there the process ignores SIGPIPE.
#ifdef MSG_NOSIGNAL
inline constexpr int kNoSignal = MSG_NOSIGNAL;
#else
inline constexpr int kNoSignal = 0;
#endif

#if defined(__linux__) && !defined(SQUALL_PORTABLE)

// As send() and recv(), without SIGPIPE. The C library's are points where threads can be cancelled,
// which costs every request of a program with threads twice two atomic operations; no thread here
// is ever cancelled.
inline ssize_t SendBytes(int socket, const char* bytes, size_t size) {
#ifdef SYS_sendto
  return syscall(SYS_sendto, socket, bytes, size, kNoSignal, nullptr, 0);
#else
  return send(socket, bytes, size, kNoSignal);
#endif
}

inline ssize_t ReceiveBytes(int socket, char* bytes, size_t size) {
#ifdef SYS_recvfrom
  return syscall(SYS_recvfrom, socket, bytes, size, 0, nullptr, nullptr);
#else
  return recv(socket, bytes, size, 0);
#endif
}

// Ports are then chosen when the destination is known, so that each source address has all of them
// for each destination.
inline void ChoosePortsLate(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
}

#else

inline ssize_t SendBytes(int socket, const char* bytes, size_t size) {
  return send(socket, bytes, size, kNoSignal);
}

inline ssize_t ReceiveBytes(int socket, char* bytes, size_t size) {
  return recv(socket, bytes, size, 0);
}

inline void ChoosePortsLate(int) {}

#endif

}  // namespace squall
