#include <linux/tcp.h>  // glibc's netinet/tcp.h, which excludes it, has only the older half
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/received_bytes.h"

namespace squall {

uint64_t ReceivedBytes(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received : 0;
}

}  // namespace squall
