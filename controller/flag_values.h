// What checks of flags have in common: errors that name the flag, and files that flags name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/values.h"

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

// Calls `set` with the flag's number, if it was given.
template <typename Set>
absl::Status ReadNumber(std::string_view flag, const Text& text, uint64_t lowest, uint64_t highest,
                        Set set) {
  if (!text) return absl::OkStatus();
  const absl::StatusOr<uint64_t> number = ParseWholeNumber(*text, lowest, highest);
  if (!number.ok()) return For(flag, number.status());
  set(*number);
  return absl::OkStatus();
}

// The same for a length of time, in nanoseconds.
template <typename Set>
absl::Status ReadDuration(std::string_view flag, const Text& text, absl::Duration shortest,
                          int64_t longest_ns, Set set) {
  if (!text) return absl::OkStatus();
  const absl::StatusOr<absl::Duration> duration =
      ParseDuration(*text, shortest, absl::Nanoseconds(longest_ns));
  if (!duration.ok()) return For(flag, duration.status());
  set(absl::ToInt64Nanoseconds(*duration));
  return absl::OkStatus();
}

// All of a file, of `limit` bytes at most.
absl::StatusOr<std::string> ReadNamedFile(std::string_view flag, const std::string& path,
                                          size_t limit);

// A file that will be written, or "-": standard output. Leaves `path` as it is if none was given.
// Errors if it cannot be written, or is one of the files that are read.
absl::Status ReadOutputPath(std::string_view flag, const Text& text,
                            const std::vector<Text>& inputs, std::string& path);

}  // namespace squall
