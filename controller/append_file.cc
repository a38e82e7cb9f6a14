#include "controller/append_file.h"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "common/values.h"

namespace squall {
namespace {

constexpr size_t kMostPending = size_t{64} << 10;

}  // namespace

AppendFile::AppendFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      pending_(std::move(other.pending_)),
      status_(std::move(other.status_)) {}

AppendFile::~AppendFile() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<AppendFile> AppendFile::Create(std::string path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return absl::ErrnoToStatus(errno, Quoted(path));
  return AppendFile(std::move(path), fd);
}

void AppendFile::Append(std::string_view text) {
  pending_ += text;
  if (pending_.size() >= kMostPending) Flush();
}

void AppendFile::Flush() {
  std::string_view rest = pending_;
  while (status_.ok() && !rest.empty()) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      status_ = absl::ErrnoToStatus(errno, Quoted(path_));
    }
  }
  pending_.clear();
}

absl::Status AppendFile::Close() {
  Flush();
  // Some file systems say only now that there was no room.
  if (close(std::exchange(fd_, -1)) != 0 && status_.ok()) {
    status_ = absl::ErrnoToStatus(errno, Quoted(path_));
  }
  return status_;
}

absl::Status WriteWhole(const std::string& path, std::string_view text) {
  const std::string partial = path + ".partial";
  absl::StatusOr<AppendFile> file = AppendFile::Create(partial);
  if (!file.ok()) return file.status();
  file->Append(text);
  absl::Status status = file->Close();
  if (status.ok() && std::rename(partial.c_str(), path.c_str()) != 0) {
    status = absl::ErrnoToStatus(errno, Quoted(path));
  }
  if (!status.ok()) unlink(partial.c_str());
  return status;
}

}  // namespace squall
