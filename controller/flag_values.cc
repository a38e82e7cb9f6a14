#include "controller/flag_values.h"

#include "controller/files.h"

namespace squall {

absl::Status For(std::string_view flag, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{} {}", flag, std::string(status.message())));
}

absl::StatusOr<std::string> ReadNamedFile(std::string_view flag, const std::string& path,
                                          size_t limit) {
  if (path == "-") {
    return Invalid("{} -: reading from standard input is not supported: name a file", flag);
  }
  absl::StatusOr<std::string> text = ReadFile(path, limit);
  if (!text.ok()) return For(flag, text.status());
  return text;
}

}  // namespace squall
