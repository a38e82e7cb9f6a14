#include "common/tls_files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "common/values.h"

namespace squall {
namespace {

constexpr size_t kMostBytes = size_t{16} << 20;  // a list of 400,000 revoked certificates

absl::Status Wrong(std::string_view flag, const std::string& path, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{} {}: {}", flag, Quoted(path), what));
}

absl::StatusOr<std::string> ReadWhole(std::string_view flag, const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return Wrong(flag, path, std::strerror(errno == 0 ? EIO : errno));
  const std::streamoff size = file.tellg();
  if (size < 0 || static_cast<size_t>(size) > kMostBytes) {
    return Wrong(flag, path, "larger than 16 MiB, or not a file");
  }
  std::string text(static_cast<size_t>(size), '\0');
  file.seekg(0);
  file.read(text.data(), size);
  if (!file) return Wrong(flag, path, "cannot be read");
  return text;
}

}  // namespace

absl::StatusOr<std::shared_ptr<TlsFiles>> TlsFiles::Open(std::string bundle_path,
                                                         std::string revoked_path) {
  std::shared_ptr<TlsFiles> files(new TlsFiles(std::move(bundle_path), std::move(revoked_path)));
  const Stamps stamps = files->Look();
  absl::StatusOr<std::shared_ptr<const Material>> material = files->Read(1);
  if (!material.ok()) return material.status();
  files->identity_ = (*material)->bundle.identity;
  MutexLock lock(files->mutex_);
  files->current_ = *std::move(material);
  files->stamps_ = stamps;
  files->look_at_ = SteadyNow() + kLookInterval;
  return files;
}

TlsFiles::Stamp TlsFiles::StampOf(const std::string& path) {
  struct stat info {};
  if (path.empty() || stat(path.c_str(), &info) != 0) return {};
#ifdef __APPLE__
  const timespec& modified = info.st_mtimespec;
  const timespec& changed = info.st_ctimespec;
#else
  const timespec& modified = info.st_mtim;
  const timespec& changed = info.st_ctim;
#endif
  return {.modified_ns = int64_t{modified.tv_sec} * kSecond + modified.tv_nsec,
          .changed_ns = int64_t{changed.tv_sec} * kSecond + changed.tv_nsec,
          .size = static_cast<int64_t>(info.st_size),
          .inode = static_cast<uint64_t>(info.st_ino)};
}

TlsFiles::Stamps TlsFiles::Look() const { return {StampOf(bundle_path_), StampOf(revoked_path_)}; }

absl::StatusOr<std::shared_ptr<const TlsFiles::Material>> TlsFiles::Read(uint64_t number) const {
  const absl::StatusOr<std::string> pem = ReadWhole("--tls", bundle_path_);
  if (!pem.ok()) return pem.status();
  absl::StatusOr<Bundle> bundle = ParseBundle(*pem);
  if (!bundle.ok()) return Wrong("--tls", bundle_path_, std::string(bundle.status().message()));
  std::string lists;
  if (!revoked_path_.empty()) {
    absl::StatusOr<std::string> read = ReadWhole("--revoked", revoked_path_);
    if (!read.ok()) return read.status();
    if (read->empty()) return Wrong("--revoked", revoked_path_, "is empty");
    lists = *std::move(read);
  }
  absl::StatusOr<X509Trust> trust = X509Trust::Make(bundle->authorities_pem, lists);
  if (!trust.ok()) {
    return Wrong(lists.empty() ? "--tls" : "--revoked",
                 lists.empty() ? bundle_path_ : revoked_path_,
                 std::string(trust.status().message()));
  }
  return std::make_shared<const Material>(Material{*std::move(bundle), *std::move(trust), number});
}

std::shared_ptr<const TlsFiles::Material> TlsFiles::Current() {
  Stamps before;
  std::shared_ptr<const Material> current;
  uint64_t number = 0;
  {
    MutexLock lock(mutex_);
    const Nanos now = SteadyNow();
    if (now < look_at_) return current_;
    look_at_ = now + kLookInterval;  // others go on meanwhile
    before = stamps_;
    current = current_;
    number = ++numbered_;
  }
  const Stamps stamps = Look();
  if (stamps == before) return current;
  absl::StatusOr<std::shared_ptr<const Material>> material = Read(number);
  if (material.ok() && (*material)->bundle.identity.role != identity_.role) {
    material =
        Wrong("--tls", bundle_path_,
              fmt::format("is of role {} now, and was of role {}",
                          NameOf((*material)->bundle.identity.role), NameOf(identity_.role)));
  }
  if (material.ok()) {
    spdlog::info("event=certificates_read file=\"{}\" name=\"{}\" valid_until={}",
                 Quoted(bundle_path_), (*material)->bundle.identity.name,
                 absl::FormatTime("%Y-%m-%d", (*material)->bundle.not_after, absl::UTCTimeZone()));
  } else {
    spdlog::error("event=certificates_kept reason=\"{}\"",
                  LogValue(std::string(material.status().message())));
  }
  MutexLock lock(mutex_);
  if (number < settled_) return current_;  // somebody was quicker who has looked later
  settled_ = number;
  stamps_ = stamps;
  if (material.ok()) current_ = *std::move(material);
  return current_;
}

}  // namespace squall
