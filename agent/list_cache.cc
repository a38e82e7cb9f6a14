#include "agent/list_cache.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "agent/list_folder.h"
#include "common/checked_file.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/file_stamp.h"
#include "common/mapped_file.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr size_t kBlock = size_t{1} << 20;
// Of an index: its positions, and the origins of a list that has many.
constexpr size_t kMostIndexBytes = size_t{64} << 20;

absl::Status SystemError(const std::string& path) {
  return absl::ErrnoToStatus(errno, Quoted(path));
}

struct OpenList {
  FileDescriptor file;  // locked
  std::unique_ptr<MappedFile> map;
};

absl::StatusOr<ListText> Map(FileDescriptor file, const std::string& path, ListIndex index) {
  ListText text;
  auto map = MappedFile::Map(file.get(), index.facts.size_bytes(), text.damaged);
  if (!map.ok()) {
    return absl::Status(map.status().code(),
                        fmt::format("{}: {}", Quoted(path), std::string(map.status().message())));
  }
  auto list = std::make_shared<OpenList>(OpenList{std::move(file), *std::move(map)});
  text.text = list->map->bytes();
  text.owner = std::move(list);
  text.index = std::move(index);
  return text;
}

// Calls `take` with the file's bytes, block by block.
template <typename Take>
absl::Status ReadAll(int fd, uint64_t size, const ListCache::KeepOn& keep_on, Take take) {
  std::string block(kBlock, '\0');
  for (uint64_t at = 0; at < size;) {
    if (!keep_on()) return absl::CancelledError("given up");
    const auto want = static_cast<size_t>(std::min<uint64_t>(kBlock, size - at));
    const ssize_t got = pread(fd, block.data(), want, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::DataLossError("shorter than it was, or cannot be read");
    absl::Status status = take(std::string_view(block).substr(0, static_cast<size_t>(got)));
    if (!status.ok()) return status;
    at += static_cast<uint64_t>(got);
  }
  return absl::OkStatus();
}

// False: somebody has it to himself for long. Whoever only looks has it for a moment.
bool LockShared(int fd) {
  constexpr int kTries = 50;
  for (int i = 0; i < kTries; ++i) {
    if (flock(fd, LOCK_SH | LOCK_NB) == 0) return true;
    usleep(2'000);
  }
  return false;
}

bool IsStillAt(const std::string& path, int fd) {
  struct stat there {};
  struct stat here {};
  return stat(path.c_str(), &there) == 0 && fstat(fd, &here) == 0 && there.st_dev == here.st_dev &&
         there.st_ino == here.st_ino;
}

}  // namespace

ListCache::ListCache(std::string folder, uint64_t most_bytes)
    : folder_(std::move(folder)), most_bytes_(most_bytes) {}

ListCache::~ListCache() {
  std::error_code ignored;
  if (private_) std::filesystem::remove_all(folder_, ignored);
}

absl::Status ListCache::MakeFolder() {
  if (made_) return absl::OkStatus();
  std::string why = "there is no folder for them (squall agent --state DIR)";
  if (!folder_.empty()) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(folder_).parent_path(), error);
    made_ = (mkdir(folder_.c_str(), 0700) == 0 || errno == EEXIST) &&
            access(folder_.c_str(), W_OK | X_OK) == 0;
    if (made_) return absl::OkStatus();
    why = std::string(SystemError(folder_).message());
  }
  const char* const given = std::getenv("TMPDIR");
  std::string folder = fmt::format("{}/squall-lists-XXXXXX", given == nullptr ? "/tmp" : given);
  if (mkdtemp(folder.data()) == nullptr) {
    return absl::UnavailableError(fmt::format("no folder for lists: {}; {}", why,
                                              std::string(SystemError(folder).message())));
  }
  spdlog::info("event=lists_kept_for_now folder=\"{}\" reason=\"{}\"", folder, why);
  folder_ = std::move(folder);
  private_ = made_ = true;
  return absl::OkStatus();
}

std::string ListCache::PathOf(std::string_view sha256, std::string_view kind) const {
  return fmt::format("{}/{}.{}", folder_, Hexadecimal(sha256), kind);
}

absl::StatusOr<ListText> ListCache::Open(const v1::UrlList& urls, const std::string& base_url,
                                         const KeepOn& keep_on) {
  if (absl::Status status = MakeFolder(); !status.ok()) return status;
  const std::string path = PathOf(urls.sha256(), "list");
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open() || !LockShared(file.get()) || !IsStillAt(path, file.get())) {
    return absl::NotFoundError(path);
  }
  absl::StatusOr<ListIndex> index = IndexOf(urls, base_url, file.get(), keep_on);
  if (absl::IsDataLoss(index.status())) {
    spdlog::warn("event=list_damaged file=\"{}\" reason=\"{}\"", Quoted(path),
                 std::string(index.status().message()));
    unlink(path.c_str());
    unlink(PathOf(urls.sha256(), "index").c_str());
    return absl::NotFoundError(path);
  }
  if (!index.ok()) return index.status();
  utimensat(AT_FDCWD, PathOf(urls.sha256(), "index").c_str(), nullptr, 0);  // used now
  return Map(std::move(file), path, *std::move(index));
}

// The one that is kept, if the text is as it was; otherwise of the text, which is read.
absl::StatusOr<ListIndex> ListCache::IndexOf(const v1::UrlList& urls, const std::string& base_url,
                                             int fd, const KeepOn& keep_on) const {
  const absl::StatusOr<v1::FileStamp> stamp = StampOf(fd);
  if (!stamp.ok()) return stamp.status();
  const std::string path = PathOf(urls.sha256(), "index");
  const absl::StatusOr<std::string> kept = ReadChecked(path, kMostIndexBytes);
  v1::ListIndex proto;
  if (kept.ok() && proto.ParseFromString(*kept) && IsSame(proto.stamp(), *stamp)) {
    absl::StatusOr<ListIndex> index = ListIndexFromProto(proto);
    if (index.ok() && index->facts.sha256() == urls.sha256() &&
        index->facts.size_bytes() == stamp->size_bytes()) {
      if (stamp->size_bytes() == urls.size_bytes()) return index;
      return absl::InvalidArgumentError(
          fmt::format("{}: {} bytes announced, but the list with this SHA-256 has {}",
                      Quoted(urls.name()), urls.size_bytes(), stamp->size_bytes()));
    }
  }
  if (stamp->size_bytes() != urls.size_bytes()) {
    return absl::DataLossError(
        fmt::format("{} bytes instead of {}", stamp->size_bytes(), urls.size_bytes()));
  }
  ListScan scan(Quoted(urls.name()), base_url, ListForm::Of(urls));
  Sha256Sum sum;
  absl::Status bad_line;
  absl::Status read = ReadAll(fd, urls.size_bytes(), keep_on, [&](std::string_view block) {
    sum.Add(block);
    if (bad_line.ok()) bad_line = scan.Add(block);
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  if (sum.Finish() != urls.sha256()) return absl::DataLossError("its SHA-256 is another one");
  if (!bad_line.ok()) return bad_line;
  absl::StatusOr<ListIndex> index = scan.Finish();
  if (!index.ok()) return index.status();
  proto = ToProto(*index);
  *proto.mutable_stamp() = *stamp;
  if (absl::Status status = WriteChecked(path, proto.SerializeAsString()); !status.ok()) {
    spdlog::warn("event=no_list_index reason=\"{}\"", std::string(status.message()));
  }
  return index;
}

absl::StatusOr<ListCache::Part> ListCache::Begin(const v1::UrlList& urls) {
  if (absl::Status status = MakeFolder(); !status.ok()) return status;
  Part part;
  part.path = PathOf(urls.sha256(), "part");
  const auto open_part = [&part] {
    part.file = FileDescriptor(
        open(part.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    return part.file.is_open() && flock(part.file.get(), LOCK_EX | LOCK_NB) == 0 &&
           IsStillAt(part.path, part.file.get());
  };
  if (!open_part()) {  // another agent receives it
    part.path += ".XXXXXX";
    part.file = FileDescriptor(mkstemp(part.path.data()));
    if (!part.file.is_open()) return SystemError(part.path);
    fcntl(part.file.get(), F_SETFD, FD_CLOEXEC);
    part.resumable = false;
    flock(part.file.get(), LOCK_EX | LOCK_NB);
  }
  const off_t size = lseek(part.file.get(), 0, SEEK_END);
  if (size < 0) return SystemError(part.path);
  part.size = static_cast<uint64_t>(size);
  if (part.size > urls.size_bytes()) {
    if (ftruncate(part.file.get(), 0) != 0) return SystemError(part.path);
    part.size = 0;
  }
  absl::Status room = MakeRoomIn(folder_, urls.size_bytes() - part.size, most_bytes_);
  if (!room.ok()) {
    if (part.size == 0) Discard(part);
    return room;
  }
  return part;
}

absl::Status ListCache::Reread(Part& part, ListScan& scan, const KeepOn& keep_on) const {
  absl::Status status = ReadAll(part.file.get(), part.size, keep_on,
                                [&scan](std::string_view block) { return scan.Add(block); });
  if (status.ok() || absl::IsCancelled(status)) return status;
  part.size = 0;
  if (ftruncate(part.file.get(), 0) != 0) return SystemError(part.path);
  return status;
}

absl::Status ListCache::Append(Part& part, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(part.file.get(), bytes.data(), bytes.size(), static_cast<off_t>(part.size));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return absl::ResourceExhaustedError(
          fmt::format("cannot keep the list: {}", std::string(SystemError(part.path).message())));
    }
    part.size += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<ListText> ListCache::Finish(Part part, ListIndex index) const {
  const std::string path = PathOf(index.facts.sha256(), "list");
  if (rename(part.path.c_str(), path.c_str()) != 0) return SystemError(path);
  if (!LockShared(part.file.get())) return SystemError(path);
  // One that had come in part is of no use any more, if nobody goes on with it.
  const std::string other = PathOf(index.facts.sha256(), "part");
  const FileDescriptor rest(open(other.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (rest.is_open() && flock(rest.get(), LOCK_EX | LOCK_NB) == 0) unlink(other.c_str());
  const absl::StatusOr<v1::FileStamp> stamp = StampOf(part.file.get());
  if (!stamp.ok()) return stamp.status();
  v1::ListIndex proto = ToProto(index);
  *proto.mutable_stamp() = *stamp;
  const absl::Status kept =
      WriteChecked(PathOf(index.facts.sha256(), "index"), proto.SerializeAsString());
  if (!kept.ok()) spdlog::warn("event=no_list_index reason=\"{}\"", std::string(kept.message()));
  return Map(std::move(part.file), path, std::move(index));
}

void ListCache::Discard(const Part& part) { unlink(part.path.c_str()); }

}  // namespace squall
