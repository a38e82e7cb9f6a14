#include "controller/ssh_process.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <spawn.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>

extern char** environ;

namespace squall {
namespace {

constexpr Nanos kEndTime = 5 * kSecond;

// $0 is the folder, the rest is the command. What ends ssh leaves the shell to clean up. Whatever
// would ask for a password in a window is told not to.
constexpr char kShell[] = "/bin/sh";
constexpr char kScript[] =
    "trap : HUP INT TERM; SSH_ASKPASS_REQUIRE=never \"$@\"; code=$?; rm -rf -- \"$0\"; exit $code";

absl::Status Failure(std::string_view what, int error) {
  return absl::InternalError(
      fmt::format("ssh cannot be started: {}: {}", what, std::strerror(error)));
}

void Remove(const std::string& folder) {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

void Close(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

// A copy that is none of the standard streams, so that dup2() onto one of those makes it one that
// the child keeps; closes the original.
int MoveUp(int descriptor) {
  const int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  close(descriptor);
  return moved;
}

int Spawn(pid_t& child, std::vector<std::string> words, int talk, int errors) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, talk, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, talk, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t ignored;
  sigemptyset(&ignored);
  sigaddset(&ignored, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &ignored);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawn(&child, kShell, &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

}  // namespace

absl::StatusOr<SshProcess> SshProcess::Start(const std::vector<std::string>& command,
                                             const std::string& folder) {
  SshProcess process;
  process.folder_ = folder;
  int talk[2];
  int errors[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, talk) != 0) return Failure("socketpair", errno);
  process.talk_ = MoveUp(talk[0]);
  int far_talk = MoveUp(talk[1]);
  if (pipe(errors) != 0) {
    Close(far_talk);
    return Failure("pipe", errno);
  }
  process.errors_ = MoveUp(errors[0]);
  int far_errors = MoveUp(errors[1]);
  std::vector<std::string> words = {kShell, "-c", kScript, folder};
  words.insert(words.end(), command.begin(), command.end());
  pid_t child = -1;
  int error = EMFILE;
  if (process.talk_ >= 0 && process.errors_ >= 0 && far_talk >= 0 && far_errors >= 0) {
    fcntl(process.talk_, F_SETFL, O_NONBLOCK);
    fcntl(process.errors_, F_SETFL, O_NONBLOCK);
    error = Spawn(child, std::move(words), far_talk, far_errors);
  }
  Close(far_talk);
  Close(far_errors);
  if (error != 0) return Failure(kShell, error);
  process.pid_ = child;
  return process;
}

SshProcess::SshProcess(SshProcess&& other) noexcept
    : talk_(std::exchange(other.talk_, -1)),
      errors_(std::exchange(other.errors_, -1)),
      pid_(std::exchange(other.pid_, -1)),
      ended_(other.ended_),
      exit_code_(other.exit_code_),
      folder_(std::exchange(other.folder_, {})) {}

SshProcess::~SshProcess() {
  HangUp();
  int ignored = 0;
  if (pid_ > 0 && !HasEnded(SteadyNow() + kEndTime, ignored)) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Close(talk_);
  Close(errors_);
  if (!folder_.empty()) Remove(folder_);
}

void SshProcess::HangUp() {
  if (talk_ >= 0) shutdown(talk_, SHUT_WR);
}

void SshProcess::Terminate() {
  HangUp();
  if (pid_ > 0) kill(-pid_, SIGTERM);
}

bool SshProcess::HasEnded(Nanos deadline, int& exit_code) {
  while (!ended_) {
    int status = 0;
    const pid_t found = pid_ > 0 ? waitpid(pid_, &status, WNOHANG) : -1;
    if (found == 0 || (found < 0 && errno == EINTR)) {
      if (SteadyNow() >= deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    ended_ = true;
    pid_ = -1;
    if (found > 0) exit_code_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }
  exit_code = exit_code_;
  return true;
}

}  // namespace squall
