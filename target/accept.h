// accept() in the form that each system has for it.
#pragma once

#include <sys/socket.h>

namespace squall::target {

// The next connection of a listening socket: non-blocking, not for children, and no SIGPIPE comes
// of it. -1 with errno set.
int AcceptNonBlocking(int listener, sockaddr* address, socklen_t& length);

}  // namespace squall::target
