#include "controller/local_agent.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/executable_path.h"

namespace squall {
namespace {

constexpr Nanos kReadyTime = 10 * kSecond;

absl::Status Failure(std::string_view why) {
  return absl::InternalError(fmt::format("cannot start an agent on this machine: {}", why));
}

// A directory of its own for the socket, short enough for a socket's address. Containers often have
// no /tmp, or none that can be written to, but memory to share.
absl::StatusOr<std::string> MakeDirectory() {
  const char* configured = std::getenv("TMPDIR");
  std::vector<std::string> bases = {"/tmp", "/dev/shm"};
  if (configured != nullptr && *configured != '\0') bases.insert(bases.begin(), configured);
  constexpr size_t kName = sizeof("/squall-XXXXXX/agent.sock");
  std::string problems;
  for (const std::string& base : bases) {
    if (base.size() + kName > sizeof(sockaddr_un::sun_path)) continue;
    std::string directory = base + "/squall-XXXXXX";
    if (mkdtemp(directory.data()) != nullptr) return directory;
    problems += fmt::format("{}{}: {}", problems.empty() ? "" : ", ", base, std::strerror(errno));
  }
  return Failure(fmt::format("no folder for its socket ({}); set TMPDIR to one", problems));
}

}  // namespace

absl::StatusOr<LocalAgent> LocalAgent::Start() {
  LocalAgent agent;
  absl::StatusOr<std::string> directory = MakeDirectory();
  if (!directory.ok()) return directory.status();
  agent.directory_ = *std::move(directory);

  const std::string listen = fmt::format("unix:{}/agent.sock", agent.directory_);
  absl::StatusOr<ChildProcess> child = ChildProcess::Start(
      ExecutablePath(), {"agent", "--listen", listen, "--name", "local", "--log-level", "warn"});
  if (!child.ok()) return Failure(std::string(child.status().message()));
  agent.child_.emplace(*std::move(child));
  char ready = 0;
  if (!agent.child_->Read(ready, SteadyNow() + kReadyTime)) {
    if (agent.child_->EndedByInterrupt()) {
      return absl::CancelledError("interrupted before the start: nothing was sent");
    }
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
      child_(std::move(other.child_)) {}

LocalAgent::~LocalAgent() {
  child_.reset();
  if (!directory_.empty()) {
    unlink((directory_ + "/agent.sock").c_str());
    rmdir(directory_.c_str());
  }
}

}  // namespace squall
