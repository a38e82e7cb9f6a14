#include "controller/fleet.h"

#include <utility>

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "absl/strings/match.h"
#include "common/mutex.h"
#include "common/protocol.h"
#include "common/tsan.h"
#include "common/write_queue.h"
#include "squall/v1/control.grpc.pb.h"

namespace squall {
namespace {

// What a broken stream means to the user. gRPC puts the cause into its message only. `answered`:
// something had come before.
absl::Status Explain(const grpc::Status& status, bool answered) {
  if (status.ok()) return absl::OkStatus();
  const std::string& text = status.error_message();
  if (answered) {
    return absl::UnavailableError(fmt::format("its connection broke ({})", text));
  }
  if (absl::StrContains(text, "Connection refused")) {
    return absl::UnavailableError("connection refused; is `squall agent` running there?");
  }
  if (absl::StrContains(text, "http1.x")) {
    return absl::UnavailableError("answers in HTTP/1, so it is not a squall agent");
  }
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return absl::UnavailableError("speaks gRPC, but is not a squall agent");
  }
  if (absl::StrContains(text, "DNS resolution failed")) {
    return absl::UnavailableError("its name has no address");
  }
  return absl::UnavailableError(
      fmt::format("no squall agent answers there ({}); is `squall agent` running there?", text));
}

class Link final : public AgentLink,
                   private grpc::ClientBidiReactor<v1::ControllerMessage, v1::AgentMessage> {
 public:
  Link(const std::string& target, std::function<void(FleetNews)> events)
      : events_(std::move(events)) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // no back-off from an earlier attempt
    arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
    arguments.SetMaxSendMessageSize(kMaxMessageBytes);
    stub_ = v1::Agent::NewStub(
        grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
    stub_->async()->Session(&context_, this);
    AddHold();  // for writes from other threads; given back when the queue says finish
    HappensBefore(this);
    StartRead(&incoming_);
    StartCall();
  }

  ~Link() override {
    context_.TryCancel();
    Do(queue_.Close());
    MutexLock lock(mutex_);
    while (!done_) changed_.Wait(mutex_);
  }

  void Send(v1::ControllerMessage message) override { Do(queue_.Push(std::move(message))); }

 private:
  void OnReadDone(bool ok) noexcept override {
    const InReaction order(this);
    if (!ok) {
      Do(queue_.Close());
      return;
    }
    answered_ = true;
    events_(AgentSaid{std::move(incoming_)});
    incoming_.Clear();
    HappensBefore(this);
    StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) noexcept override {
    const InReaction order(this);
    const auto next = queue_.Written(ok);
    if (ok && next.message == nullptr && !next.finish) events_(AgentDrained{});
    Do(next);
  }

  void OnDone(const grpc::Status& status) noexcept override {
    HappensAfter(this);
    events_(AgentClosed{Explain(status, answered_)});
    MutexLock lock(mutex_);
    done_ = true;
    changed_.NotifyAll();
  }

  void Do(WriteQueue<v1::ControllerMessage>::Next next) {
    if (next.message != nullptr) StartWrite(next.message);
    if (next.finish) RemoveHold();
  }

  const std::function<void(FleetNews)> events_;
  std::unique_ptr<v1::Agent::Stub> stub_;
  grpc::ClientContext context_;
  v1::AgentMessage incoming_;
  bool answered_ = false;  // gRPC's reactions only
  WriteQueue<v1::ControllerMessage> queue_;

  Mutex mutex_;
  CondVar changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

class GrpcDialer final : public Dialer {
 public:
  std::unique_ptr<AgentLink> Dial(const std::string& target,
                                  std::function<void(FleetNews)> events) override {
    return std::make_unique<Link>(target, std::move(events));
  }
};

}  // namespace

std::unique_ptr<Dialer> MakeGrpcDialer() { return std::make_unique<GrpcDialer>(); }

}  // namespace squall
