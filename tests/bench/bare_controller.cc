// A controller that only lets snapshots come and acknowledges them: what gRPC alone costs, beside
// which a fleet's controller is measured (docs/benchmarks.md).
//
//   bare_controller --listen HOST:PORT --expect N --seconds S
//
// It speaks to simulated agents, in the same messages and over the same streams as squall does, but
// looks at nothing that they say: no number is granted twice because each agent has all of its own.
// Ends when all have been let go.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "absl/synchronization/mutex.h"
#include "common/address.h"
#include "common/clock.h"
#include "common/file_limit.h"
#include "common/grpc_queue.h"
#include "common/grpc_queue_stream.h"
#include "common/grpc_server.h"
#include "common/mutex.h"
#include "squall/v1/control.grpc.pb.h"

namespace squall {
namespace {

using Stream = QueueStream<v1::AgentMessage, v1::ControllerMessage>;
using Link = std::shared_ptr<Channel<v1::ControllerMessage>>;

constexpr uint64_t kNumbersEach = uint64_t{1} << 40;
constexpr uint32_t kConnections = 10;  // of each agent
constexpr Nanos kAhead = kSecond;      // of the start

class Controller {
 public:
  Controller(size_t agents, Nanos duration) : agents_(agents), duration_(duration) {}
  ~Controller() { listener_.Close(); }

  absl::Status Listen(const Address& address) {
    absl::Status status = listener_.Listen(address, &service_, &queue_);
    if (!status.ok()) return status;
    Stream::AwaitEach(
        queue_,
        [this](grpc::ServerContext* context, Stream::Wire* wire, void* tag) {
          service_.RequestAttach(context, wire, queue_.get(), queue_.get(), tag);
        },
        [this](Stream& stream) { OnCall(stream); });
    return absl::OkStatus();
  }

  void AwaitEnd() {
    MutexLock lock(mutex_);
    while (closed_ < agents_) changed_.Wait(mutex_);
  }

 private:
  void OnCall(Stream& stream) {
    const auto peer = listener_.Admit(stream.context());
    if (!peer.ok()) return stream.Refuse(peer.status());
    const auto link = std::make_shared<Link>();
    *link = stream.Begin(*peer, {.said = [this, link](const v1::AgentMessage& message,
                                                      Nanos) { OnMessage(*link, message); },
                                 .closed = [this](const grpc::Status&) { OnClosed(); }});
    v1::ControllerMessage hello;
    hello.mutable_hello()->set_controller("bare");
    (*link)->Send(std::move(hello));
  }

  void OnMessage(const Link& link, const v1::AgentMessage& message) {
    v1::ControllerMessage answer;
    if (message.has_snapshot()) {
      answer.mutable_ack()->set_sequence(message.snapshot().sequence());
    } else if (message.has_welcome()) {
      FillPrepare(*answer.mutable_prepare());
    } else if (message.has_done()) {
      answer.mutable_dismiss();
    } else {
      return OnReady(link);
    }
    link->Send(std::move(answer));
  }

  void FillPrepare(v1::Prepare& prepare) const {
    prepare.set_concurrency(kConnections);
    prepare.set_snapshot_interval_ns(kSecond);
    v1::Phase& phase = *prepare.mutable_plan()->add_phases();
    phase.set_measured(true);
    phase.set_duration_ns(duration_);
  }

  void OnReady(const Link& link) {
    std::vector<Link> all;
    {
      MutexLock lock(mutex_);
      ready_.push_back(link);
      if (ready_.size() < agents_) return;
      all.swap(ready_);
    }
    const Nanos start = SteadyNow() + kAhead;
    for (size_t i = 0; i < all.size(); ++i) {
      v1::ControllerMessage grant;
      v1::Span& span = *grant.mutable_grant()->add_spans();
      span.set_first(i * kNumbersEach);
      span.set_stride(1);
      span.set_count(kNumbersEach);
      grant.mutable_grant()->set_exhausted(true);
      all[i]->Send(std::move(grant));
      v1::ControllerMessage begin;
      begin.mutable_start()->set_at_ns(start);
      all[i]->Send(std::move(begin));
    }
  }

  void OnClosed() {
    MutexLock lock(mutex_);
    ++closed_;
    changed_.NotifyAll();
  }

  const size_t agents_;
  const Nanos duration_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<Link> ready_ ABSL_GUARDED_BY(mutex_);
  size_t closed_ ABSL_GUARDED_BY(mutex_) = 0;
  v1::Controller::AsyncService service_;
  GrpcQueue queue_;
  GrpcListener listener_{Party::kController, nullptr};  // last: its end ends the events
};

int Run(const std::string& listen, size_t agents, double seconds) {
  const absl::StatusOr<Address> address = ParseListenAddress(listen);
  if (!address.ok() || agents == 0 || !(seconds > 0)) {
    fmt::print(stderr, "bare_controller: --listen, --expect or --seconds makes no sense\n");
    return 2;
  }
  RaiseFileLimit();
  Controller controller(agents, static_cast<Nanos>(seconds * 1e9));
  if (const absl::Status status = controller.Listen(*address); !status.ok()) {
    fmt::print(stderr, "bare_controller: {}\n", std::string(status.message()));
    return 3;
  }
  controller.AwaitEnd();
  return 0;
}

}  // namespace
}  // namespace squall

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // as squall does
  CLI::App app("A controller that only acknowledges", "bare_controller");
  std::string listen;
  size_t agents = 0;
  double seconds = 0;
  app.add_option("--listen", listen, "Where agents dial")->required();
  app.add_option("--expect", agents, "How many agents")->required();
  app.add_option("--seconds", seconds, "How long they are to run")->required();
  CLI11_PARSE(app, argc, argv);
  return squall::Run(listen, agents, seconds);
}
