#include "agent/control_server.h"

#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/grpc_arguments.h"
#include "common/grpc_server.h"
#include "common/grpc_stream.h"
#include "squall/v1/control.grpc.pb.h"

namespace squall {
namespace {

using Stream = ServerStream<v1::ControllerMessage, v1::AgentMessage>;

class Server final : public ControlServer, private v1::Agent::CallbackService {
 public:
  explicit Server(std::function<void(LinkEvent)> events) : events_(std::move(events)) {}

  ~Server() override {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
  }

  absl::Status Listen(const Address& address) {
    KeepGrpc();
    absl::StatusOr<GrpcListener> listener = ListenByGrpc(address, this, "agent");
    if (!listener.ok()) return listener.status();
    address_ = std::move(listener->address);
    server_ = std::move(listener->server);
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

 private:
  grpc::ServerBidiReactor<v1::ControllerMessage, v1::AgentMessage>* Session(
      grpc::CallbackServerContext* context) override {
    auto* stream = new Stream(context, IsWorthCompressing);
    const auto link = stream->channel();
    stream->Begin({.said =
                       [this, link](v1::ControllerMessage message, Nanos received) {
                         events_(LinkMessage{link, std::move(message), received});
                       },
                   .closed = [this, link](const grpc::Status&) { events_(LinkClosed{link}); }});
    return stream;
  }

  const std::function<void(LinkEvent)> events_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;  // last: its end ends the events
};

}  // namespace

absl::StatusOr<std::unique_ptr<ControlServer>> ControlServer::Listen(
    const Address& address, std::function<void(LinkEvent)> events) {
  auto server = std::make_unique<Server>(std::move(events));
  if (absl::Status status = server->Listen(address); !status.ok()) return status;
  return server;
}

}  // namespace squall
