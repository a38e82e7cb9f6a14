#include "controller/known_lists.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/checked_file.h"
#include "common/environment.h"
#include "common/file_stamp.h"
#include "common/list_index.h"

namespace squall {
namespace {

constexpr size_t kMostKept = 64;
constexpr size_t kMostBytes = size_t{32} << 20;

// Longer than a file system's clock stands still.
constexpr absl::Duration kSettled = absl::Milliseconds(100);

void RemoveOldest(const std::string& folder) {
  std::error_code error;
  std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> files;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    files.emplace_back(entries->last_write_time(error), entries->path());
  }
  if (error || files.size() <= kMostKept) return;
  std::sort(files.begin(), files.end());
  for (size_t i = 0; i + kMostKept < files.size(); ++i) {
    std::filesystem::remove(files[i].second, error);
  }
}

}  // namespace

std::string KnownListsFolder() {
  // Relative paths do not count there.
  const std::string base = ProcessEnvironment("XDG_CACHE_HOME");
  if (base.starts_with('/')) return base + "/squall/lists";
  const std::string home = ProcessEnvironment("HOME");
  return home.starts_with('/') ? home + "/.cache/squall/lists" : "";
}

std::string KnownLists::PathOf(const v1::FileStamp& stamp, v1::ListFormat asked) const {
  std::string path = fmt::format("{}/{:x}-{:x}", folder_, stamp.device(), stamp.inode());
  if (asked != v1::LIST_FORMAT_UNSPECIFIED) path += fmt::format("-{}", static_cast<int>(asked));
  return path;
}

std::optional<v1::KnownList> KnownLists::Find(const v1::FileStamp& stamp,
                                              v1::ListFormat asked) const {
  if (folder_.empty()) return std::nullopt;
  const std::string path = PathOf(stamp, asked);
  const absl::StatusOr<std::string> kept = ReadChecked(path, kMostBytes);
  v1::KnownList known;
  if (!kept.ok() || !known.ParseFromString(*kept) || !IsSame(known.stamp(), stamp) ||
      known.asked() != asked || !CheckFacts(known.facts()).ok()) {
    return std::nullopt;
  }
  std::error_code ignored;
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now(), ignored);
  return known;
}

void KnownLists::Keep(const v1::KnownList& known, absl::Time read_at) const {
  const v1::FileStamp& stamp = known.stamp();
  const absl::Time changed = absl::FromUnixNanos(std::max(stamp.modified_ns(), stamp.changed_ns()));
  if (folder_.empty() || read_at < changed + kSettled) return;
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  const std::string path = PathOf(stamp, known.asked());
  if (error || !WriteChecked(path, known.SerializeAsString()).ok()) return;
  RemoveOldest(folder_);
}

}  // namespace squall
