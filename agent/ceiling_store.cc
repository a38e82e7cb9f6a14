#include "agent/ceiling_store.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/ceiling.h"
#include "common/values.h"
#include "common/version.h"

namespace squall {
namespace {

constexpr size_t kMostRead = 64 << 10;

std::string FileIn(const std::string& folder) { return folder + "/ceiling.txt"; }

absl::Status Failure(const std::string& path, int error) {
  return absl::UnavailableError(fmt::format("{}: {}", Quoted(path), std::strerror(error)));
}

// Whole and on its disk, or not there.
absl::Status WriteNew(const std::string& path, int fd, const std::string& text) {
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int error = errno;
  if (close(fd) == 0 && written) return absl::OkStatus();
  unlink(path.c_str());
  return Failure(path, written ? errno : error);
}

}  // namespace

CeilingStore::CeilingStore(const std::string& folder) : folder_(folder) {
  if (folder_.empty()) return;
  const std::string path = FileIn(folder_);
  std::ifstream file(path, std::ios::binary);
  if (!file) return;
  std::string text(kMostRead, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  const absl::StatusOr<v1::Ceiling> ceiling = CeilingFromText(text);
  if (ceiling.ok()) {
    ceiling_ = *ceiling;
  } else {
    spdlog::warn("event=no_ceiling file=\"{}\" reason=\"{}\"", Quoted(path),
                 std::string(ceiling.status().message()));
  }
}

const v1::Ceiling* CeilingStore::Current(uint32_t cores, uint32_t threads) const {
  const bool holds = ceiling_ && ceiling_->version() == kVersion && ceiling_->cores() == cores &&
                     ceiling_->threads() == threads;
  return holds ? &*ceiling_ : nullptr;
}

absl::Status CeilingStore::Keep(const v1::Ceiling& ceiling) {
  ceiling_ = ceiling;
  if (folder_.empty()) {
    return absl::UnavailableError("there is no folder for it (squall agent --state DIR)");
  }
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return Failure(folder_, error.value());
  // Others read the old one or the new one.
  std::string fresh = FileIn(folder_) + ".XXXXXX";
  const int fd = mkstemp(fresh.data());
  if (fd < 0) return Failure(folder_, errno);
  if (absl::Status status = WriteNew(fresh, fd, CeilingToText(ceiling)); !status.ok()) {
    return status;
  }
  if (std::rename(fresh.c_str(), FileIn(folder_).c_str()) == 0) return absl::OkStatus();
  const int reason = errno;
  unlink(fresh.c_str());
  return Failure(FileIn(folder_), reason);
}

}  // namespace squall
