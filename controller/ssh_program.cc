#include "controller/ssh_program.h"

#include <array>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "absl/strings/ascii.h"
#include "common/digest.h"
#include "common/values.h"
#include "controller/files.h"

namespace squall {
namespace {

constexpr size_t kMostBytes = size_t{1} << 30;

// Different words for one processor.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kProcessors = {{
    {"x86_64", "amd64"},
    {"amd64", "amd64"},
    {"aarch64", "arm64"},
    {"arm64", "arm64"},
}};

std::string Words(const Platform& platform) {
  return fmt::format("{} {}", Quoted(platform.system), Quoted(platform.machine));
}

}  // namespace

Platform OwnPlatform() {
  utsname names{};
  if (uname(&names) != 0) return {};
  return {names.sysname, names.machine};
}

std::string FileNameFor(const Platform& platform) {
  const std::string& system = platform.system;
  if (system != "Linux" && system != "Darwin") return {};
  for (const auto& [machine, processor] : kProcessors) {
    if (machine != platform.machine) continue;
    return fmt::format("squall-{}-{}",
                       absl::AsciiStrToLower(absl::string_view(system.data(), system.size())),
                       processor);
  }
  return {};
}

ProgramFiles::ProgramFiles(std::string path, Platform own)
    : path_(std::move(path)), own_(std::move(own)) {}

absl::StatusOr<ProgramFilePtr> ProgramFiles::For(const Platform& platform) {
  std::string path = path_;
  if (platform != own_) {
    const std::string name = FileNameFor(platform);
    if (name.empty()) {
      return absl::FailedPreconditionError(
          fmt::format("that machine is {}, for which there is no squall", Words(platform)));
    }
    path = (std::filesystem::path(path_).parent_path() / name).string();
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      return absl::FailedPreconditionError(fmt::format(
          "that machine is {}, and this file is for {}: put the one for it beside this one, as {}",
          Words(platform), Words(own_), path));
    }
  }
  ProgramFilePtr& file = read_[path];
  if (file != nullptr) return file;
  absl::StatusOr<std::string> bytes = ReadFile(path, kMostBytes);
  if (!bytes.ok()) return bytes.status();
  std::string sha256 = Sha256(*bytes);
  if (sha256.empty()) return absl::InternalError("no SHA-256 of the program can be had");
  file = std::make_shared<const ProgramFile>(
      ProgramFile{std::move(path), std::move(sha256), *std::move(bytes)});
  return file;
}

}  // namespace squall
