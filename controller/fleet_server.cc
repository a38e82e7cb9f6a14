#include <atomic>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/grpc_arguments.h"
#include "common/grpc_server.h"
#include "common/grpc_stream.h"
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

// gRPC's "ipv4:10.0.0.7:4711" or "ipv6:%5B::1%5D:4711" as people write it.
std::string Readable(std::string peer) {
  for (const auto& [escaped, plain] : {std::pair{"%5B", "["}, std::pair{"%5D", "]"}}) {
    if (const size_t at = peer.find(escaped); at != std::string::npos) peer.replace(at, 3, plain);
  }
  for (const std::string_view kind : {"ipv4:", "ipv6:"}) {
    if (peer.starts_with(kind)) return peer.substr(kind.size());
  }
  return peer;
}

class Server final : public FleetServer, private v1::Controller::CallbackService {
 public:
  explicit Server(std::function<void(FleetEvent)> events) : events_(std::move(events)) {}

  ~Server() override {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
  }

  absl::Status Listen(const Address& address) {
    KeepGrpc();
    absl::StatusOr<GrpcListener> listener = ListenByGrpc(address, this, "controller");
    if (!listener.ok()) return listener.status();
    address_ = std::move(listener->address);
    server_ = std::move(listener->server);
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

 private:
  grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage>* Attach(
      grpc::CallbackServerContext* context) override {
    const uint64_t number = next_link_.fetch_add(1);
    auto* stream = new Stream(context);
    const auto say = [this, number](FleetNews news) {
      events_(FleetEvent{number, std::move(news)});
    };
    say(AgentAttached{std::make_unique<Link>(stream->channel()), Readable(context->peer())});
    stream->Begin({.said =
                       [say](v1::AgentMessage message, Nanos received) {
                         say(AgentSaid{std::move(message), received});
                       },
                   .drained =
                       [say](const v1::ControllerMessage& last) {
                         if (IsPartOfPlan(last)) say(AgentDrained{});
                       },
                   .closed =
                       [say](const grpc::Status& status) {
                         say(AgentClosed{status.ok()
                                             ? absl::OkStatus()
                                             : absl::UnavailableError("its connection broke")});
                       }});
    return stream;
  }

  const std::function<void(FleetEvent)> events_;
  std::atomic<uint64_t> next_link_ = kFirstAttached;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;  // last: its end ends the events
};

}  // namespace

absl::StatusOr<std::unique_ptr<FleetServer>> FleetServer::Listen(
    const Address& address, std::function<void(FleetEvent)> events) {
  auto server = std::make_unique<Server>(std::move(events));
  if (absl::Status status = server->Listen(address); !status.ok()) return status;
  return server;
}

}  // namespace squall
