#include <fcntl.h>

#include "target/accept.h"

namespace squall::target {

int AcceptNonBlocking(int listener, sockaddr* address, socklen_t& length) {
  const int connection = accept(listener, address, &length);
  if (connection < 0) return connection;
  fcntl(connection, F_SETFD, FD_CLOEXEC);
  fcntl(connection, F_SETFL, O_NONBLOCK);
#ifdef SO_NOSIGPIPE  // where send() has no flag for it
  const int on = 1;
  setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
  return connection;
}

}  // namespace squall::target
