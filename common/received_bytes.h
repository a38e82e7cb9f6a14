// How much has come on a TCP connection.
#pragma once

#include <cstdint>

namespace squall {

// In bytes; 0 where the system does not tell. Any thread.
uint64_t ReceivedBytes(int fd);

}  // namespace squall
