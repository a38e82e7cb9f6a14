// Files that flags name. Errors carry the path and what the system says about it.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace squall {

// All of a file or pipe. INVALID_ARGUMENT if it is longer than `limit` bytes.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit);

// Whether a file could be written to, without changing it; one that does not exist is made and
// removed again.
absl::Status CheckWritable(const std::string& path);

// Whether both paths lead to one file that exists.
bool IsSameFile(const std::string& a, const std::string& b);

}  // namespace squall
