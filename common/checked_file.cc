#include "common/checked_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/stat.h>

#include "common/digest.h"
#include "common/file_descriptor.h"
#include "common/values.h"

namespace squall {
namespace {

absl::Status SystemError(const std::string& path) {
  return absl::ErrnoToStatus(errno, Quoted(path));
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    bytes.remove_prefix(static_cast<size_t>(std::max<ssize_t>(written, 0)));
  }
  return true;
}

}  // namespace

absl::Status WriteChecked(const std::string& path, std::string_view contents) {
  std::string fresh = path + ".XXXXXX";
  const FileDescriptor file(mkstemp(fresh.data()));
  if (!file.is_open()) return SystemError(path);
  if (WriteAll(file.get(), contents) && WriteAll(file.get(), Sha256Of(contents)) &&
      std::rename(fresh.c_str(), path.c_str()) == 0) {
    return absl::OkStatus();
  }
  const absl::Status status = SystemError(path);
  unlink(fresh.c_str());
  return status;
}

absl::StatusOr<std::string> ReadChecked(const std::string& path, size_t limit) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file.is_open() || fstat(file.get(), &info) != 0) return SystemError(path);
  const auto size = static_cast<size_t>(info.st_size);
  const auto damaged = [&path] {
    return absl::DataLossError(fmt::format("{}: damaged", Quoted(path)));
  };
  if (!S_ISREG(info.st_mode) || size < kSha256Bytes || size - kSha256Bytes > limit) {
    return damaged();
  }
  std::string contents(size, '\0');
  size_t have = 0;
  while (have < size) {
    const ssize_t got = read(file.get(), contents.data() + have, size - have);
    if (got < 0 && errno != EINTR) return SystemError(path);
    if (got == 0) return damaged();
    have += static_cast<size_t>(std::max<ssize_t>(got, 0));
  }
  const std::string digest = contents.substr(size - kSha256Bytes);
  contents.resize(size - kSha256Bytes);
  if (Sha256Of(contents) != digest) return damaged();
  return contents;
}

}  // namespace squall
