// What libev is to wait by: twins, chosen as those in files are (CMakeLists.txt).
#pragma once

#include <ev.h>

namespace squall {

#if defined(__linux__) && !defined(SQUALL_PORTABLE)
inline constexpr unsigned int kLoopBackends = EVFLAG_AUTO;  // epoll
#elif defined(__APPLE__)
// libev would choose select(): kqueue of macOS was once broken for what is no socket.
inline constexpr unsigned int kLoopBackends = EVBACKEND_KQUEUE;
#else
inline constexpr unsigned int kLoopBackends = EVBACKEND_POLL;
#endif

// Owned by the caller; null if the system has none to give.
inline struct ev_loop* NewEventLoop() { return ev_loop_new(kLoopBackends); }

}  // namespace squall
