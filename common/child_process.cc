#include "common/child_process.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
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
constexpr int kChildFd = 3;  // where the child finds its end of the socket pair

absl::Status Failure(std::string_view what) {
  return absl::InternalError(fmt::format("{}: {}", what, std::strerror(errno)));
}

// `end` becomes the child's kChildFd.
absl::StatusOr<pid_t> Spawn(const std::string& program, std::vector<std::string> arguments,
                            int end) {
  std::vector<char*> words = {const_cast<char*>(program.c_str())};
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, end, kChildFd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  pid_t child = -1;
  const int error =
      posix_spawn(&child, program.c_str(), &actions, &attributes, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    errno = error;
    return Failure(program);
  }
  return child;
}

// How it ended, as waitpid() says. It ends by itself when our end of the socket pair is closed.
int AwaitEnd(pid_t child) {
  int status = 0;
  const Nanos deadline = SteadyNow() + kEndTime;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (SteadyNow() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    break;
  }
  return status;
}

}  // namespace

absl::StatusOr<ChildProcess> ChildProcess::Start(const std::string& program,
                                                 std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--parent-fd", std::to_string(kChildFd)});
  ChildProcess process;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return Failure("socketpair");
  process.fd_ = ends[0];
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  // The child's end must not be kChildFd already: dup2 onto itself would keep close-on-exec.
  const int child_end = fcntl(ends[1], F_DUPFD_CLOEXEC, kChildFd + 1);
  close(ends[1]);
  if (child_end < 0) return Failure("fcntl");
  const absl::StatusOr<pid_t> pid = Spawn(program, std::move(arguments), child_end);
  close(child_end);
  if (!pid.ok()) return pid.status();
  process.pid_ = *pid;
  return process;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), pid_(std::exchange(other.pid_, -1)) {}

ChildProcess::~ChildProcess() { End(); }

int ChildProcess::End() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
  return pid_ > 0 ? AwaitEnd(std::exchange(pid_, -1)) : 0;
}

bool ChildProcess::EndedByInterrupt() {
  const int status = End();
  return WIFSIGNALED(status) && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM);
}

bool ChildProcess::Read(char& byte, Nanos deadline) const {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  while (true) {
    const Nanos left = std::max<Nanos>(deadline - SteadyNow(), 0);
    const int found = poll(&ready, 1, static_cast<int>(left / kMillisecond));
    if (found < 0 && errno == EINTR) continue;
    return found == 1 && read(fd_, &byte, 1) == 1;
  }
}

}  // namespace squall
