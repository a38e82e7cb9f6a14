#include "controller/missed_urls.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "common/list_line.h"
#include "common/output.h"
#include "common/url_list.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr uint64_t kBlock = 1 << 20;

// As a line of a list that may be used again: without its time and its fields.
std::string_view MethodAndUrl(std::string_view entry, const ListFile& list, std::string& memory) {
  if (list.facts().times().width_us() != 0) TakeWord(entry);
  if (list.format() != v1::LIST_FORMAT_JSON) return entry;
  const std::string_view word = TakeWord(entry);
  memory.assign(word.substr(0, word.find_first_of(":="))).append(" ").append(TakeWord(entry));
  return memory;
}

absl::Status WriteLine(std::FILE* file, std::string_view entry) {
  if (std::fwrite(entry.data(), 1, entry.size(), file) == entry.size() &&
      std::fputc('\n', file) != EOF) {
    return absl::OkStatus();
  }
  return absl::ErrnoToStatus(errno, "cannot write");
}

absl::Status WriteLines(std::FILE* file, ListFile& list, const std::vector<bool>& reached) {
  const uint64_t size = list.facts().size_bytes();
  std::string text;  // that was not gone through yet
  std::string memory;
  size_t index = 0;
  for (uint64_t at = 0; at < size && index < reached.size();) {
    const uint64_t more = std::min(kBlock, size - at);
    absl::StatusOr<std::string> block = list.Read(at, static_cast<size_t>(more));
    if (!block.ok()) return block.status();
    text += *block;
    at += more;
    const size_t whole = at == size ? text.size() : text.rfind('\n') + 1;
    UrlListReader reader(std::string_view(text).substr(0, whole));
    while (const std::optional<std::string_view> entry = reader.Next()) {
      if (index >= reached.size() || reached[index++]) continue;
      const std::string_view line = MethodAndUrl(*entry, list, memory);
      if (absl::Status status = WriteLine(file, line); !status.ok()) return status;
    }
    text.erase(0, whole);
  }
  return std::fflush(file) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, "cannot write");
}

}  // namespace

bool WriteMissedUrls(const std::string& path, ListFile& list, const std::vector<bool>& reached) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  absl::Status status = file == nullptr ? absl::ErrnoToStatus(errno, "cannot write")
                                        : WriteLines(file, list, reached);
  if (file != nullptr && std::fclose(file) != 0) {
    status.Update(absl::ErrnoToStatus(errno, "cannot write"));
  }
  if (!status.ok()) Print(stderr, "squall: {}: {}\n", path, std::string(status.message()));
  return status.ok();
}

}  // namespace squall
