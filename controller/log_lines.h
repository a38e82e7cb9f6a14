// The lines of a log, one after the other, in memory that does not grow with it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace squall {

inline constexpr size_t kLongestLine = size_t{64} << 10;  // bytes

// Gets each line without its line break; of a longer one the first kLongestLine bytes, and false.
using LineTaker = std::function<absl::Status(std::string_view line, bool whole)>;

// Reads a file or pipe to its end, "-": standard input, or until `take` returns an error, which it
// passes on. Other errors name the path, and say what to do with a file that is compressed.
absl::Status ReadLines(const std::string& path, const LineTaker& take);

}  // namespace squall
