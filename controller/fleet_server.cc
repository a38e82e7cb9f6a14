#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/grpc_queue.h"
#include "common/grpc_queue_stream.h"
#include "common/grpc_server.h"
#include "controller/agent_words.h"
#include "controller/fleet.h"
#include "squall/v1/control.grpc.pb.h"

namespace squall {
namespace {

using Stream = QueueStream<v1::AgentMessage, v1::ControllerMessage>;

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

class QueueWatch final : public FleetServer::Watch {
 public:
  explicit QueueWatch(GrpcQueue& queue) : queue_(queue) { queue_.TakeOver(); }
  ~QueueWatch() override { queue_.GiveBack(); }
  bool Look(Nanos deadline) override { return queue_.Look(deadline); }
  void Wake() override { queue_.Wake(); }

 private:
  GrpcQueue& queue_;
};

class Server final : public FleetServer {
 public:
  Server(std::shared_ptr<TlsFiles> tls, std::function<void(FleetEvent)> events)
      : events_(std::move(events)), listener_(Party::kController, std::move(tls)) {}

  ~Server() override { listener_.Close(); }

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

  const std::string& address() const override { return listener_.address(); }
  std::unique_ptr<Watch> MakeWatch() override { return std::make_unique<QueueWatch>(queue_); }

 private:
  void OnCall(Stream& stream) {
    const auto peer = listener_.Admit(stream.context());
    if (!peer.ok()) return stream.Refuse(peer.status());
    const uint64_t number = next_link_++;
    const auto say = [this, number](std::optional<FleetNews> news) {
      if (news) events_(FleetEvent{number, *std::move(news)});
    };
    const auto words = std::make_shared<AgentWords>();
    auto channel = stream.Begin(
        *peer,
        {.said =
             [say, words, &stream, identity = (*peer)->identity()](v1::AgentMessage message,
                                                                   Nanos received) {
               // A snapshot is acknowledged first, whatever follows.
               auto hold =
                   message.has_snapshot() || message.has_packed() ? stream.HoldReading() : nullptr;
               auto news = words->Said(std::move(message), received, identity, hold != nullptr);
               auto* said = news ? std::get_if<AgentSaid>(&*news) : nullptr;
               if (said != nullptr) said->hold = std::move(hold);
               say(std::move(news));
             },
         .drained =
             [say](const v1::ControllerMessage& last) {
               if (IsPartOfPlan(last)) say(AgentDrained{});
             },
         .closed =
             [say, words](const grpc::Status& status) {
               say(words->Closed(status.ok() ? absl::OkStatus()
                                             : absl::UnavailableError("its connection broke")));
             }});
    say(AgentAttached{std::make_unique<Link>(std::move(channel)),
                      ReadablePeer(stream.context().peer())});
  }

  const std::function<void(FleetEvent)> events_;
  v1::Controller::AsyncService service_;
  uint64_t next_link_ = kFirstAttached;  // the queue's thread alone
  GrpcQueue queue_;
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
