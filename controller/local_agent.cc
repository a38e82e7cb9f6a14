#include "controller/local_agent.h"

#include <cerrno>
#include <cstdlib>
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
#include <sys/un.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/executable_path.h"

extern char** environ;

namespace squall {
namespace {

constexpr int kReadyMilliseconds = 10'000;
constexpr Nanos kEndTime = 5 * kSecond;
constexpr int kChildFd = 3;  // where the child finds its end of the socket pair

absl::Status Failure(std::string_view what) {
  return absl::InternalError(
      fmt::format("cannot start an agent on this machine: {}: {}", what, std::strerror(errno)));
}

// A directory of its own for the socket, short enough for a socket's address.
absl::StatusOr<std::string> MakeDirectory() {
  const char* configured = std::getenv("TMPDIR");
  std::string base = configured != nullptr && *configured != '\0' ? configured : "/tmp";
  constexpr size_t kName = sizeof("/squall-XXXXXX/agent.sock");
  if (base.size() + kName > sizeof(sockaddr_un::sun_path)) base = "/tmp";
  std::string directory = base + "/squall-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) return Failure(directory);
  return directory;
}

// Starts this program as `squall agent …`. `end` becomes the child's kChildFd.
absl::StatusOr<pid_t> Spawn(const std::string& listen, int end) {
  const std::string program = ExecutablePath();
  const std::string fd = std::to_string(kChildFd);
  const char* arguments[] = {program.c_str(), "agent", "--listen",    listen.c_str(),
                             "--name",        "local", "--parent-fd", fd.c_str(),
                             "--log-level",   "warn",  nullptr};
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
  const int error = posix_spawn(&child, program.c_str(), &actions, &attributes,
                                const_cast<char**>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    errno = error;
    return Failure(program);
  }
  return child;
}

// It ends by itself when its parent's end of the socket pair is closed; if it hangs, it is killed.
void EndChild(pid_t child) {
  const Nanos deadline = SteadyNow() + kEndTime;
  while (waitpid(child, nullptr, WNOHANG) == 0) {
    if (SteadyNow() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return;
  }
}

}  // namespace

absl::StatusOr<LocalAgent> LocalAgent::Start() {
  LocalAgent agent;
  absl::StatusOr<std::string> directory = MakeDirectory();
  if (!directory.ok()) return directory.status();
  agent.directory_ = *std::move(directory);

  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return Failure("socketpair");
  agent.parent_fd_ = ends[0];
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  // The child's end must not be kChildFd already: dup2 onto itself would keep close-on-exec.
  const int child_end = fcntl(ends[1], F_DUPFD_CLOEXEC, kChildFd + 1);
  close(ends[1]);
  if (child_end < 0) return Failure("fcntl");

  const std::string listen = fmt::format("unix:{}/agent.sock", agent.directory_);
  absl::StatusOr<pid_t> child = Spawn(listen, child_end);
  close(child_end);
  if (!child.ok()) return child.status();
  agent.child_ = *child;

  pollfd ready{.fd = agent.parent_fd_, .events = POLLIN, .revents = 0};
  char byte = 0;
  if (poll(&ready, 1, kReadyMilliseconds) != 1 || read(agent.parent_fd_, &byte, 1) != 1) {
    return absl::UnavailableError(
        "the agent started on this machine does not come up (its own words, if any, stand above); "
        "try `squall agent` by itself");
  }
  absl::StatusOr<Address> address = ParseAddress(listen);
  if (!address.ok()) return address.status();
  agent.address_ = {.display = "local", .target = address->target};
  return agent;
}

LocalAgent::LocalAgent(LocalAgent&& other) noexcept
    : directory_(std::exchange(other.directory_, {})),
      address_(std::move(other.address_)),
      parent_fd_(std::exchange(other.parent_fd_, -1)),
      child_(std::exchange(other.child_, -1)) {}

LocalAgent::~LocalAgent() {
  if (parent_fd_ >= 0) close(parent_fd_);
  if (child_ > 0) EndChild(child_);
  if (!directory_.empty()) {
    unlink((directory_ + "/agent.sock").c_str());
    rmdir(directory_.c_str());
  }
}

}  // namespace squall
