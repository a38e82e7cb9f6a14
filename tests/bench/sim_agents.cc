// Many simulated agents in one process, which join a controller and send it nothing but what real
// agents would: what a fleet costs its controller (docs/benchmarks.md).
//
//   sim_agents --join HOST:PORT --count N [--per-second R] [--snapshot-interval SECONDS]
//
// Each has a connection of its own. While they run a line of figures comes every second, as JSON;
// the last one when all have been let go. Ends with 1 if a stream broke before that.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "absl/synchronization/mutex.h"
#include "common/address.h"
#include "common/file_limit.h"
#include "common/grpc_arguments.h"
#include "common/grpc_stream.h"
#include "common/mailbox.h"
#include "squall/v1/control.grpc.pb.h"
#include "tests/bench/sim_agent.h"

namespace squall {
namespace {

// Dialled and not greeted yet, at once: the controller greets them one after the other.
constexpr size_t kMostUnanswered = 64;

using Stream = ClientStream<v1::ControllerMessage, v1::AgentMessage>;

struct Said {
  v1::ControllerMessage message;
  Nanos received = 0;
};
struct Event {
  size_t agent = 0;
  std::variant<Said, grpc::Status> news;  // a message, or the end of the stream
};

// The thread of Run() owns all agents; gRPC's push into its mailbox.
class Simulation {
 public:
  Simulation(std::string target, SimFleet fleet)
      : target_(std::move(target)), fleet_(std::move(fleet)) {
    for (size_t i = 0; i < fleet_.agents; ++i) agents_.emplace_back(i, fleet_);
    stubs_.resize(fleet_.agents);
    streams_.resize(fleet_.agents);
  }

  int Run() {
    Nanos print_at = SteadyNow() + kSecond;
    while (closed_ < fleet_.agents) {
      while (dialled_ < fleet_.agents && dialled_ - greeted_ < kMostUnanswered) Dial(dialled_++);
      DropStale();
      const Nanos timer = timers_.empty() ? kForever : timers_.top().first;
      if (std::optional<Event> event = mailbox_.PopUntil(std::min(timer, print_at))) Handle(*event);
      const Nanos now = SteadyNow();
      for (DropStale(); !timers_.empty() && timers_.top().first <= now; DropStale()) {
        const size_t agent = timers_.top().second;
        agents_[agent].OnTime(now);
        SetTimer(agent);
      }
      if (now < print_at) continue;
      print_at += kSecond;
      Print(now);
    }
    Print(SteadyNow());
    return broken_ == 0 ? 0 : 1;
  }

 private:
  using Timer = std::pair<Nanos, size_t>;

  void Dial(size_t agent) {
    stubs_[agent] = v1::Controller::NewStub(
        grpc::CreateCustomChannel(target_, grpc::InsecureChannelCredentials(), DialArguments()));
    streams_[agent] = std::make_unique<Stream>(
        target_, std::make_shared<PeerRecord>(),
        StreamEvents<v1::ControllerMessage, v1::AgentMessage>{
            .said =
                [this, agent](v1::ControllerMessage message, Nanos received) {
                  mailbox_.Push({agent, Said{std::move(message), received}});
                },
            .closed =
                [this, agent](const grpc::Status& status) {
                  mailbox_.Push({agent, status});
                }},
        [this, agent](grpc::ClientContext* context,
                      grpc::ClientBidiReactor<v1::AgentMessage, v1::ControllerMessage>* reactor) {
          context->set_wait_for_ready(true);
          stubs_[agent]->async()->Attach(context, reactor);
        });
    agents_[agent].Begin(streams_[agent]->channel());
  }

  void Handle(Event& event) {
    SimAgent& agent = agents_[event.agent];
    if (const auto* status = std::get_if<grpc::Status>(&event.news)) {
      ++closed_;
      if (!agent.greeted()) ++greeted_;
      if (agent.dismissed()) return;
      if (broken_++ == 0) {
        fmt::print(stderr, "sim_agents: a stream broke: {}\n", status->error_message());
      }
      return agent.Break();
    }
    auto& [message, received] = std::get<Said>(event.news);
    if (!agent.greeted()) ++greeted_;
    agent.OnMessage(message, received);
    SetTimer(event.agent);
  }

  void SetTimer(size_t agent) {
    if (agents_[agent].next() != kForever) timers_.emplace(agents_[agent].next(), agent);
  }

  // Times that an agent has changed its mind about.
  void DropStale() {
    while (!timers_.empty() && agents_[timers_.top().second].next() != timers_.top().first) {
      timers_.pop();
    }
  }

  void Print(Nanos now) const {
    const auto milliseconds = [this](double fraction) {
      return static_cast<double>(fleet_.acknowledging.Quantile(fraction)) * 1e-6;
    };
    fmt::print(
        R"({{"ns":{},"agents":{},"greeted":{},"closed":{},"broken":{},"claimed":{},)"
        R"("snapshots":{},"snapshot_bytes":{},"largest_snapshot":{},"acknowledged":{},"grants":{},)"
        R"("acknowledged_p50_ms":{:.3f},"acknowledged_p99_ms":{:.3f},"acknowledged_max_ms":{:.3f}}})"
        "\n",
        now, fleet_.agents, greeted_, closed_, broken_, fleet_.claimed, fleet_.snapshots,
        fleet_.snapshot_bytes, fleet_.largest_snapshot, fleet_.acknowledged, fleet_.grants,
        milliseconds(0.5), milliseconds(0.99), milliseconds(1));
    std::fflush(stdout);
  }

  const std::string target_;
  SimFleet fleet_;
  std::vector<SimAgent> agents_;
  Mailbox<Event> mailbox_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  size_t dialled_ = 0;
  size_t greeted_ = 0;
  size_t closed_ = 0;
  size_t broken_ = 0;  // of these
  std::vector<std::unique_ptr<v1::Controller::Stub>> stubs_;
  std::vector<std::unique_ptr<Stream>> streams_;  // last: they wait for their last events
};

}  // namespace
}  // namespace squall

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // as squall does
  CLI::App app("Simulated agents that join a controller", "sim_agents");
  std::string join;
  squall::SimFleet fleet;
  double interval = 0;
  app.add_option("--join", join, "Where the controller listens")->required();
  app.add_option("--count", fleet.agents, "How many agents")->required();
  app.add_option("--per-second", fleet.per_second,
                 "Requests that each claims in a second of a closed loop");
  app.add_option("--snapshot-interval", interval, "Seconds; as the controller asks if not given");
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<squall::Address> controller = squall::ParseAddress(join);
  if (!controller.ok() || fleet.agents == 0 || !(fleet.per_second > 0)) {
    fmt::print(stderr, "sim_agents: --join, --count or --per-second makes no sense\n");
    return 2;
  }
  fleet.snapshot_interval = static_cast<squall::Nanos>(interval * 1e9);
  squall::RaiseFileLimit();
  return squall::Simulation(controller->target, std::move(fleet)).Run();
}
