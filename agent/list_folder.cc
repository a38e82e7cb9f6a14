#include "agent/list_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "agent/list_cache.h"
#include "common/digest.h"
#include "common/file_descriptor.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr size_t kMostLists = 1000;

// What a file's name begins with, if it is one of ours.
std::string HashOf(std::string_view name) {
  const std::string_view hash = name.substr(0, 2 * kSha256Bytes);
  const bool is_hash = hash.size() == 2 * kSha256Bytes &&
                       hash.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  const std::string_view rest = name.substr(hash.size());
  const bool is_ours =
      rest.starts_with(".list") || rest.starts_with(".index") || rest.starts_with(".part");
  return is_hash && is_ours ? std::string(hash) : "";
}

bool IsLocked(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file.is_open() && flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

void AddFile(const std::string& path, KeptList& list) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return;
  list.bytes += static_cast<uint64_t>(info.st_blocks) * 512;
  list.used_ns = std::max(list.used_ns, int64_t{info.st_mtime} * 1'000'000'000);
  list.whole = list.whole || path.ends_with(".list");
  list.in_use = list.in_use || IsLocked(path);
  list.paths.push_back(path);
}

}  // namespace

std::string SizeText(uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", size, kUnits[unit]);
}

absl::StatusOr<std::vector<KeptList>> ListsIn(const std::string& folder) {
  std::map<std::string, KeptList> by_name;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return std::vector<KeptList>();
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    const std::string hash = HashOf(entries->path().filename().string());
    if (!hash.empty()) AddFile(entries->path().string(), by_name[hash]);
  }
  if (error) return absl::ErrnoToStatus(error.value(), Quoted(folder));
  std::vector<KeptList> lists;
  for (auto& [name, list] : by_name) {
    list.name = name;
    lists.push_back(std::move(list));
  }
  std::stable_sort(lists.begin(), lists.end(),
                   [](const KeptList& a, const KeptList& b) { return a.used_ns > b.used_ns; });
  return lists;
}

bool Remove(const KeptList& list) {
  if (std::any_of(list.paths.begin(), list.paths.end(), IsLocked)) return false;
  bool removed = true;
  for (const std::string& path : list.paths) {
    removed = (unlink(path.c_str()) == 0 || errno == ENOENT) && removed;
  }
  return removed;
}

absl::Status MakeRoomIn(const std::string& folder, uint64_t bytes, uint64_t most) {
  absl::StatusOr<std::vector<KeptList>> lists = ListsIn(folder);
  if (!lists.ok()) return lists.status();
  uint64_t kept = 0;
  for (const KeptList& list : *lists) kept += list.bytes;
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) != 0) return absl::ErrnoToStatus(errno, Quoted(folder));
  uint64_t free = uint64_t{disk.f_bavail} * disk.f_frsize;
  if (most == 0) most = std::min(ListCache::kMostBytes, (free + kept) / 2);
  uint64_t in_use = 0;
  for (const KeptList& list : *lists) in_use += list.in_use ? list.bytes : 0;
  const bool fits = in_use + bytes <= most && bytes <= free + (kept - in_use);
  while (fits && !lists->empty() &&
         (kept + bytes > most || bytes > free || lists->size() >= kMostLists)) {
    const KeptList& oldest = lists->back();
    if (Remove(oldest)) {
      kept -= oldest.bytes;
      free += oldest.bytes;
    }
    lists->pop_back();
  }
  if (kept + bytes > most) {
    return absl::ResourceExhaustedError(fmt::format(
        "no room for {} more of lists: it keeps at most {} of them in {}, and {} are in use; give "
        "its disk more room, or put it on a larger one (squall agent --state DIR)",
        SizeText(bytes), SizeText(most), Quoted(folder), SizeText(in_use)));
  }
  if (bytes > free) {
    return absl::ResourceExhaustedError(
        fmt::format("no room for {} more of lists in {}: {} are free on that disk", SizeText(bytes),
                    Quoted(folder), SizeText(free)));
  }
  return absl::OkStatus();
}

}  // namespace squall
