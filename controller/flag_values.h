// What checks of flags have in common: errors that name the flag, and files that flags name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace squall {

// As typed; nothing if the flag was not given.
using Text = std::optional<std::string>;

inline constexpr size_t kMaxSmallFile = size_t{16} << 20;  // bodies, certificates, agents

template <typename... Arguments>
absl::Status Invalid(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Arguments>(arguments)...));
}

// The same error, with the flag that it is about in front.
absl::Status For(std::string_view flag, const absl::Status& status);

// All of a file, of `limit` bytes at most.
absl::StatusOr<std::string> ReadNamedFile(std::string_view flag, const std::string& path,
                                          size_t limit);

}  // namespace squall
