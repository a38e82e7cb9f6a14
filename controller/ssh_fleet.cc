#include "controller/ssh_fleet.h"

#include <algorithm>
#include <poll.h>
#include <utility>

#include <fmt/format.h>

#include "common/executable_path.h"
#include "controller/ssh_program.h"
#include "controller/ssh_target.h"

namespace squall {
namespace {

constexpr Nanos kLookInterval = kSecond / 10;  // for an interrupt, while agents are started
constexpr Nanos kKeepInterval = kSecond / 2;   // for their ends and words, later
constexpr Nanos kNewsInterval = 5 * kSecond;   // of a copy that takes long

// A stream to nobody.
class NoLink final : public AgentLink {
 public:
  void Send(v1::ControllerMessage) override {}
};

}  // namespace

SshFleet::~SshFleet() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.NotifyAll();
  if (keeper_.joinable()) keeper_.join();
  for (const auto& launch : launches_) launch->End();
}

absl::Status SshFleet::Start(const std::vector<Address>& agents,
                             const std::function<void(std::string_view)>& say) {
  Launch(agents);
  if (launches_.empty()) return absl::OkStatus();
  if (absl::Status status = Await(say); !status.ok()) return status;
  keeper_ = std::thread([this]() noexcept { Keep(); });
  return absl::OkStatus();
}

void SshFleet::Launch(const std::vector<Address>& agents) {
  const auto files = std::make_shared<ProgramFiles>(ExecutablePath(), OwnPlatform());
  for (const Address& agent : agents) {
    if (!IsSshTarget(agent.target)) continue;
    absl::StatusOr<SshTarget> target = ParseSshTarget(agent.target);
    absl::Status status = target.status();
    if (target.ok()) {
      auto launch = SshLaunch::Start(
          *std::move(target), [files](const Platform& platform) { return files->For(platform); });
      status = launch.status();
      if (launch.ok()) launches_.push_back(*std::move(launch));
    }
    MutexLock lock(mutex_);
    seats_[agent.target] = {.socket_path = {}, .status = std::move(status)};
  }
}

// Until each is up or over.
absl::Status SshFleet::Await(const std::function<void(std::string_view)>& say) {
  Nanos news_at = SteadyNow() + kNewsInterval;
  std::vector<pollfd> descriptors;
  while (!interrupted_) {
    const Nanos now = SteadyNow();
    size_t up = 0;
    size_t going = 0;
    double copied = 1;
    descriptors.clear();
    for (const auto& launch : launches_) {
      launch->Move(now);
      if (launch->up()) ++up;
      if (launch->up() || launch->over()) continue;
      ++going;
      copied = std::min(copied, launch->copied().value_or(1));
      launch->Watch(descriptors);
    }
    if (going == 0) {
      if (up > 0) say(fmt::format("{} agent{} started by ssh", up, up == 1 ? "" : "s"));
      for (const auto& launch : launches_) Note(*launch);
      return absl::OkStatus();
    }
    if (now >= news_at) {
      news_at = now + kNewsInterval;
      say(fmt::format("waiting for {} agent{} by ssh{}", going, going == 1 ? "" : "s",
                      copied == 1 ? std::string()
                                  : fmt::format("; the slowest has got {:.0f} % of the program",
                                                100 * copied)));
    }
    poll(descriptors.data(), static_cast<nfds_t>(descriptors.size()),
         static_cast<int>(kLookInterval / kMillisecond));
  }
  return absl::CancelledError("interrupted while agents were started by ssh");
}

// For those who dial it.
void SshFleet::Note(const SshLaunch& launch) {
  Seat seat;
  if (launch.up()) seat.socket_path = launch.socket_path();
  seat.status = launch.status();
  MutexLock lock(mutex_);
  seats_[AddressOf(launch.target()).target] = std::move(seat);
}

// Their ends are noticed, and they are told that we are there.
void SshFleet::Keep() noexcept {
  while (true) {
    for (const auto& launch : launches_) {
      if (launch->over()) continue;
      launch->Move(SteadyNow());
      if (launch->over()) Note(*launch);
    }
    MutexLock lock(mutex_);
    if (ending_) return;
    changed_.WaitUntil(mutex_, SteadyNow() + kKeepInterval);
    if (ending_) return;
  }
}

std::unique_ptr<AgentLink> SshFleet::Dial(const std::string& target,
                                          std::function<void(FleetNews)> events) {
  if (!IsSshTarget(target)) return dialer_.Dial(target, std::move(events));
  Seat seat{.socket_path = {}, .status = absl::InternalError("no agent was started there")};
  {
    MutexLock lock(mutex_);
    if (const auto found = seats_.find(target); found != seats_.end()) seat = found->second;
  }
  if (!seat.socket_path.empty()) {
    return dialer_.Dial(fmt::format("unix:{}", seat.socket_path), std::move(events));
  }
  events(AgentClosed{std::move(seat.status)});
  return std::make_unique<NoLink>();
}

}  // namespace squall
