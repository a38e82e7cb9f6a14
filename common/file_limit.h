// How many files, and so connections, this process may have open.
#pragma once

#include <cstdint>

namespace squall {

// Raises the limit to the hard one, as far as the system lets it, and returns it.
uint64_t RaiseFileLimit();

}  // namespace squall
