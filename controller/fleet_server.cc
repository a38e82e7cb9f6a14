#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/grpc_arguments.h"
#include "common/grpc_server.h"
#include "common/grpc_stream.h"
#include "controller/agent_words.h"
#include "controller/fleet.h"
#include "squall/v1/control.grpc.pb.h"

namespace squall {
namespace {

using Stream = ServerStream<v1::AgentMessage, v1::ControllerMessage>;

// The owner's handle: the stream is gRPC's.
class Link final : public AgentLink {
 public:
  explicit Link(std::shared_ptr<Channel<v1::ControllerMessage>> channel)
      : channel_(std::move(channel)) {}
  ~Link() override { channel_->Finish(); }
  void Send(v1::ControllerMessage message) override { channel_->Send(std::move(message)); }

 private:
  const std::shared_ptr<Channel<v1::ControllerMessage>> channel_;
};

class Server final : public FleetServer, private v1::Controller::CallbackService {
 public:
  Server(std::shared_ptr<TlsFiles> tls, std::function<void(FleetEvent)> events)
      : events_(std::move(events)), listener_(Party::kController, std::move(tls)) {}

  ~Server() override { listener_.Close(); }

  absl::Status Listen(const Address& address) { return listener_.Listen(address, this); }

  const std::string& address() const override { return listener_.address(); }

 private:
  grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage>* Attach(
      grpc::CallbackServerContext* context) override {
    auto peer = listener_.Admit(*context);
    if (!peer.ok()) {
      return new RefusedStream<v1::AgentMessage, v1::ControllerMessage>(peer.status());
    }
    const uint64_t number = next_link_.fetch_add(1);
    auto* stream = new Stream(context, *peer);
    const auto say = [this, number](std::optional<FleetNews> news) {
      if (news) events_(FleetEvent{number, *std::move(news)});
    };
    say(AgentAttached{std::make_unique<Link>(stream->channel()), ReadablePeer(context->peer())});
    const auto words = std::make_shared<AgentWords>();
    stream->Begin(
        {.said = [say, words, identity = (*peer)->identity()](
                     v1::AgentMessage message,
                     Nanos received) { say(words->Said(std::move(message), received, identity)); },
         .drained =
             [say](const v1::ControllerMessage& last) {
               if (IsPartOfPlan(last)) say(AgentDrained{});
             },
         .closed =
             [say, words](const grpc::Status& status) {
               say(words->Closed(status.ok() ? absl::OkStatus()
                                             : absl::UnavailableError("its connection broke")));
             }});
    return stream;
  }

  const std::function<void(FleetEvent)> events_;
  std::atomic<uint64_t> next_link_ = kFirstAttached;
  GrpcListener listener_;  // last: its end ends the events
};

}  // namespace

absl::StatusOr<std::unique_ptr<FleetServer>> FleetServer::Listen(
    const Address& address, std::shared_ptr<TlsFiles> tls, std::function<void(FleetEvent)> events) {
  auto server = std::make_unique<Server>(std::move(tls), std::move(events));
  if (absl::Status status = server->Listen(address); !status.ok()) return status;
  return server;
}

}  // namespace squall
