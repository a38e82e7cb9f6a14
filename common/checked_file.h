// Small files that programs keep for themselves: whole or not there, and damage shows. Behind the
// contents stands their SHA-256.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace squall {

// Replaces what is there: others read the old one or the new one. The system's error, with the
// path.
absl::Status WriteChecked(const std::string& path, std::string_view contents);

// NOT_FOUND: there is none. DATA_LOSS: it is damaged, or larger than `limit` bytes.
absl::StatusOr<std::string> ReadChecked(const std::string& path, size_t limit);

}  // namespace squall
