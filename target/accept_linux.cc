#include "target/accept.h"

namespace squall::target {

int AcceptNonBlocking(int listener, sockaddr* address, socklen_t& length) {
  return accept4(listener, address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

}  // namespace squall::target
