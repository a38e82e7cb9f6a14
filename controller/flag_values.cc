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

absl::Status ReadOutputPath(std::string_view flag, const Text& text,
                            const std::vector<Text>& inputs, std::string& path) {
  if (!text) return absl::OkStatus();
  if (text->empty()) return Invalid("{} \"\": name a file, or - for standard output", flag);
  if (*text != "-") {
    for (const Text& input : inputs) {
      if (input && IsSameFile(*text, *input)) {
        return Invalid("{} {}: this is one of the files that are read: name another", flag,
                       Quoted(*text));
      }
    }
    if (absl::Status status = CheckWritable(*text); !status.ok()) return For(flag, status);
  }
  path = *text;
  return absl::OkStatus();
}

}  // namespace squall
