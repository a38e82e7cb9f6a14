#include "agent/service_execution.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char** environ;

namespace squall {
namespace {

absl::Status Failure(std::string_view what, int error) {
  return absl::InternalError(fmt::format("{}: {}", what, std::strerror(error)));
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

absl::Status Do(const WriteFile& step) {
  const std::filesystem::path path = step.path;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return Failure(path.parent_path().string(), error.value());
  const std::string fresh = step.path + ".new";
  unlink(fresh.c_str());  // of one that was cut off
  // Nobody else may read it before its mode is set.
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return Failure(fresh, errno);
  const bool written =
      WriteAll(fd, step.text) && fchmod(fd, static_cast<mode_t>(step.mode)) == 0 && fsync(fd) == 0;
  int failure = errno;
  close(fd);
  if (written && rename(fresh.c_str(), step.path.c_str()) == 0) return absl::OkStatus();
  if (written) failure = errno;
  unlink(fresh.c_str());
  return Failure(step.path, failure);
}

absl::Status Do(const CopyFile& step) {
  const std::optional<std::string> text = TextOf(step.from);
  if (!text) return absl::NotFoundError(fmt::format("{}: cannot be read", step.from));
  return Do(WriteFile{step.to, *text, step.mode});
}

absl::Status Do(const RemoveAll& step) {
  std::error_code error;
  std::filesystem::remove_all(step.path, error);
  return error ? Failure(step.path, error.value()) : absl::OkStatus();
}

absl::Status Do(const RemoveFolder& step) {
  rmdir(step.path.c_str());
  return absl::OkStatus();
}

absl::Status Do(const RunProgram& step) {
  const absl::StatusOr<ProgramOutput> output = OutputOf(step.words);
  if (step.may_fail) return absl::OkStatus();
  if (!output.ok()) return output.status();
  if (output->exit_code == 0) return absl::OkStatus();
  return absl::InternalError(
      fmt::format("{}: exit code {}", fmt::join(step.words, " "), output->exit_code));
}

// Reads to the end, and closes.
std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t size = read(fd, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(size));
  }
  close(fd);
  return text;
}

}  // namespace

std::optional<std::string> TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file.is_open() || file.bad()) return std::nullopt;
  return text;
}

absl::Status CarryOut(const ServiceStep& step) {
  return std::visit([](const auto& one) { return Do(one); }, step);
}

absl::StatusOr<ProgramOutput> OutputOf(const std::vector<std::string>& words) {
  int ends[2];
  if (pipe(ends) != 0) return Failure("pipe", errno);
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = -1;
  const int error =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string text = ReadAll(ends[0]);
  if (error != 0) {
    return absl::NotFoundError(fmt::format("{}: {}", words.front(), std::strerror(error)));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ProgramOutput{exit_code, std::move(text)};
}

}  // namespace squall
