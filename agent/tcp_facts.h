// What the system knows of a connected TCP socket. Any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "common/clock.h"

namespace squall {

// The round trip that it has found, in nanoseconds; nothing if it has none, or does not tell.
std::optional<Nanos> RoundTripOf(int socket);

// How many segments were sent again since it was opened; 0 where the system does not tell.
uint64_t RetransmissionsOf(int socket);

}  // namespace squall
