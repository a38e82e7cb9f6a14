// Where a text stops being JSON.
#pragma once

#include <cstddef>
#include <string_view>

namespace squall {

// The first byte that JSON cannot have there, counted from 1; one behind the text if it ends too
// early, and 0 if it is JSON.
size_t JsonErrorAt(std::string_view text);

}  // namespace squall
