#include "controller/result_folder.h"

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/stat.h>

#include "common/values.h"
#include "controller/append_file.h"
#include "controller/files.h"
#include "controller/report_json.h"
#include "controller/result_proto.h"

namespace squall {
namespace {

constexpr size_t kMaxResultBytes = size_t{1} << 30;

absl::Status SystemError(int error, const std::string& path) {
  return absl::ErrnoToStatus(error, Quoted(path));
}

bool Exists(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0;
}

// Why there is no result in a folder.
absl::Status NoResult(const std::string& folder) {
  if (Exists(SeriesPath(folder))) {
    return absl::NotFoundError(fmt::format(
        "{}: holds no result: the run still goes on, or was ended before it could write one; what "
        "was seen until then is in series.jsonl and latency.hlog",
        Quoted(folder)));
  }
  return absl::NotFoundError(fmt::format(
      "{}: holds no result.pb: name a folder that squall run --save has made", Quoted(folder)));
}

}  // namespace

std::string ResultPath(const std::string& folder) { return folder + "/result.pb"; }
std::string JsonPath(const std::string& folder) { return folder + "/result.json"; }
std::string SeriesPath(const std::string& folder) { return folder + "/series.jsonl"; }
std::string LatencyLogPath(const std::string& folder) { return folder + "/latency.hlog"; }
std::string ResponseLogPath(const std::string& folder) { return folder + "/response.hlog"; }

absl::Status CheckNewFolder(const std::string& folder) {
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0) {
    if (errno != ENOENT) return SystemError(errno, folder);
    // A link to nowhere is in the way.
    if (lstat(folder.c_str(), &info) == 0) return SystemError(EEXIST, folder);
    const std::filesystem::path path = std::filesystem::path(folder + "/.").lexically_normal();
    const std::string above = path.parent_path().parent_path().string();
    const std::string parent(above.empty() ? "." : above);
    return access(parent.c_str(), W_OK | X_OK) == 0 ? absl::OkStatus() : SystemError(errno, parent);
  }
  if (!S_ISDIR(info.st_mode)) return SystemError(ENOTDIR, folder);
  if (access(folder.c_str(), R_OK | W_OK | X_OK) != 0) return SystemError(errno, folder);
  std::error_code error;
  if (!std::filesystem::is_empty(folder, error) && !error) {
    return absl::AlreadyExistsError(fmt::format(
        "{}: is not empty: name a folder that is, or one that does not exist", Quoted(folder)));
  }
  return error ? SystemError(error.value(), folder) : absl::OkStatus();
}

absl::Status WriteResult(const std::string& folder, const RunResult& result) {
  absl::Status status = WriteWhole(JsonPath(folder), JsonReport(result));
  if (status.ok()) status = WriteWhole(ResultPath(folder), EncodeResult(result));
  return status;
}

absl::StatusOr<RunResult> ReadResult(const std::string& folder) {
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0) return SystemError(errno, folder);
  if (!S_ISDIR(info.st_mode)) return SystemError(ENOTDIR, folder);
  const std::string path = ResultPath(folder);
  if (!Exists(path)) return NoResult(folder);
  const absl::StatusOr<std::string> bytes = ReadFile(path, kMaxResultBytes);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<RunResult> result = DecodeResult(*bytes);
  if (!result.ok()) {
    return absl::Status(result.status().code(),
                        fmt::format("{} {}", Quoted(path), std::string(result.status().message())));
  }
  return result;
}

}  // namespace squall
