// How many files, and so connections, this process may have open.
#pragma once

#include <cstdint>

namespace squall {

// Raises the limit to the hard one, as far as the system lets it, and returns it.
uint64_t RaiseFileLimit();

// The limit as it is; 0: the system does not say.
uint64_t FileLimit();

}  // namespace squall
