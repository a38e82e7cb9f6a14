// Agents that are started for one run over the user's own ssh, and end with it: nothing has to be
// installed there before, and nothing but the program's file stays (docs/operations.md).
//
// A Dialer around another one: where `ssh:user@host` is dialled, the other one dials the socket at
// which that agent answers here, or the stream is over at once and says why there is none. As with
// LocalAgent, what comes above knows nothing of that. A thread of its own keeps the agents up.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/address.h"
#include "common/mutex.h"
#include "controller/fleet.h"
#include "controller/ssh_launch.h"

namespace squall {

class SshFleet final : public Dialer {
 public:
  // `dialer` outlives this.
  explicit SshFleet(Dialer& dialer) : dialer_(dialer) {}
  // Ends all agents that it started, and waits for that. The streams to them are over before.
  ~SshFleet() override;

  // Makes Start() return soon. Any thread.
  void Interrupt() { interrupted_ = true; }

  // Starts an agent on each of `agents` that is ssh's, all at once, and waits until each is there
  // or cannot be had; which of these is told to who dials. `say` gets a line now and then. Once,
  // and before other threads start processes. CANCELLED if interrupted. SIGPIPE must be ignored.
  absl::Status Start(const std::vector<Address>& agents,
                     const std::function<void(std::string_view)>& say);

  std::unique_ptr<AgentLink> Dial(const std::string& target,
                                  std::function<void(FleetNews)> events) override;

 private:
  // Where an agent answers here; empty: it does not, and `status` says why.
  struct Seat {
    std::string socket_path;
    absl::Status status;
  };

  void Launch(const std::vector<Address>& agents);
  absl::Status Await(const std::function<void(std::string_view)>& say);
  void Note(const SshLaunch& launch);
  void Keep() noexcept;

  Dialer& dialer_;
  std::atomic<bool> interrupted_ = false;
  std::vector<std::unique_ptr<SshLaunch>> launches_;  // once there is a keeper, the keeper's
  Mutex mutex_;
  CondVar changed_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Seat> seats_ ABSL_GUARDED_BY(mutex_);  // by target
  std::thread keeper_;                                         // last: it uses all of this
};

}  // namespace squall
