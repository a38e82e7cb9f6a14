#include "controller/files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/stat.h>

#include "common/file_descriptor.h"
#include "common/values.h"

namespace squall {
namespace {

absl::Status SystemError(const std::string& path) {
  return absl::ErrnoToStatus(errno, Quoted(path));
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit) {
  constexpr size_t kBlock = size_t{1} << 20;
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (file.get() < 0 || fstat(file.get(), &info) != 0) return SystemError(path);
  // One byte more shows that a file is too long; another, that it ends where it said.
  std::string text;
  text.reserve(std::min(static_cast<size_t>(info.st_size), limit) + 2);
  while (text.size() <= limit) {
    const size_t old_size = text.size();
    const size_t room = text.capacity() - old_size;
    text.resize(old_size + (room > 0 ? std::min(room, kBlock) : kBlock));
    const ssize_t got = read(file.get(), text.data() + old_size, text.size() - old_size);
    if (got < 0 && errno != EINTR) return SystemError(path);
    text.resize(old_size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return text;
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: larger than {} MiB", Quoted(path), limit >> 20));
}

absl::Status CheckWritable(const std::string& path) {
  struct stat info {};
  const bool exists = lstat(path.c_str(), &info) == 0;
  // To open a named pipe would wait for its reader, or end what the reader sees.
  if (exists && stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) &&
      !S_ISDIR(info.st_mode)) {
    return access(path.c_str(), W_OK) == 0 ? absl::OkStatus() : SystemError(path);
  }
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (file.get() < 0) return SystemError(path);
  if (!exists) unlink(path.c_str());
  return absl::OkStatus();
}

bool IsSameFile(const std::string& a, const std::string& b) {
  struct stat first {};
  struct stat second {};
  return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino && S_ISREG(first.st_mode);
}

}  // namespace squall
