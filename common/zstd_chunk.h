// Pieces of a list as one frame of Zstandard each (RFC 8878).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace squall {

// At its fastest level. Empty where it cannot be done.
std::string Compressed(std::string_view bytes);

// INVALID_ARGUMENT: not one frame, or one of more than `most` bytes.
absl::StatusOr<std::string> Decompressed(std::string_view frame, size_t most);

}  // namespace squall
