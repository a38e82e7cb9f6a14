#include "common/file_stamp.h"

#include <cerrno>

#include <sys/stat.h>

#include "common/boot.h"

namespace squall {
namespace {

int64_t NanosOf(const struct timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

absl::StatusOr<v1::FileStamp> StampOf(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return absl::ErrnoToStatus(errno, "fstat");
  v1::FileStamp stamp;
  stamp.set_device(static_cast<uint64_t>(info.st_dev));
  stamp.set_inode(static_cast<uint64_t>(info.st_ino));
  stamp.set_size_bytes(static_cast<uint64_t>(info.st_size));
#ifdef __APPLE__
  stamp.set_modified_ns(NanosOf(info.st_mtimespec));
  stamp.set_changed_ns(NanosOf(info.st_ctimespec));
#else
  stamp.set_modified_ns(NanosOf(info.st_mtim));
  stamp.set_changed_ns(NanosOf(info.st_ctim));
#endif
  stamp.set_boot(BootId());
  return stamp;
}

bool IsSame(const v1::FileStamp& a, const v1::FileStamp& b) {
  return a.device() == b.device() && a.inode() == b.inode() && a.size_bytes() == b.size_bytes() &&
         a.modified_ns() == b.modified_ns() && a.changed_ns() == b.changed_ns() &&
         a.boot() == b.boot();
}

}  // namespace squall
