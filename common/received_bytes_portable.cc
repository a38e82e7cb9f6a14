#include "common/received_bytes.h"

#ifdef __APPLE__
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

namespace squall {

#ifdef __APPLE__

uint64_t ReceivedBytes(int fd) {
  tcp_connection_info info{};
  socklen_t size = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_CONNECTION_INFO, &info, &size) == 0 ? info.tcpi_rxbytes
                                                                             : 0;
}

#else

uint64_t ReceivedBytes(int) { return 0; }

#endif

}  // namespace squall
