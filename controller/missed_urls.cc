#include "controller/missed_urls.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "common/output.h"
#include "common/url_list.h"

namespace squall {
namespace {

bool WriteLines(std::FILE* file, std::string_view list_text, const std::vector<bool>& reached) {
  UrlListReader reader(list_text);
  for (const bool was_reached : reached) {
    const std::optional<std::string_view> entry = reader.Next();
    if (was_reached || !entry) continue;
    if (std::fwrite(entry->data(), 1, entry->size(), file) != entry->size()) return false;
    if (std::fputc('\n', file) == EOF) return false;
  }
  return std::fflush(file) == 0;
}

}  // namespace

bool WriteMissedUrls(const std::string& path, std::string_view list_text,
                     const std::vector<bool>& reached) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  const bool written = file != nullptr && WriteLines(file, list_text, reached);
  if (!written) Print(stderr, "squall: {}: cannot write: {}\n", path, std::strerror(errno));
  return file != nullptr && std::fclose(file) == 0 && written;
}

}  // namespace squall
