// getnameinfo without names: an address is written in numbers.
#pragma once

#include <sys/socket.h>

namespace squall {

// As getnameinfo with NI_NUMERICHOST and NI_NUMERICSERV, whichever flags are given; EAI_NONAME if
// they insist on a name. Pure, but that it asks the system for the names of interfaces
// (fe80::1%eth0).
int AddressToText(const sockaddr* address, socklen_t size, char* host, socklen_t host_size,
                  char* service, socklen_t service_size, int flags);

}  // namespace squall
