#include "agent/control_server.h"

#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/grpc_arguments.h"
#include "common/grpc_server.h"
#include "common/grpc_stream.h"
#include "common/inflow.h"
#include "common/packed_message.h"
#include "squall/v1/control.grpc.pb.h"

namespace squall {
namespace {

// Of what all who called have said, in bytes.
constexpr size_t kMostUnheard = 128 << 20;

using Stream = ServerStream<v1::ControllerMessage, v1::AgentMessage>;

class Server final : public ControlServer, private v1::Agent::CallbackService {
 public:
  Server(std::shared_ptr<TlsFiles> tls, std::function<void(LinkEvent)> events)
      : events_(std::move(events)), listener_(Party::kAgent, std::move(tls)) {}

  ~Server() override { listener_.Close(); }

  absl::Status Listen(const Address& address) { return listener_.Listen(address, this); }

  const std::string& address() const override { return listener_.address(); }

 private:
  grpc::ServerBidiReactor<v1::ControllerMessage, v1::AgentMessage>* Session(
      grpc::CallbackServerContext* context) override {
    auto peer = listener_.Admit(*context);
    if (!peer.ok()) {
      return new RefusedStream<v1::ControllerMessage, v1::AgentMessage>(peer.status());
    }
    auto* stream = new Stream(context, *std::move(peer), Pack,
                              [this, name = context->peer()] { listener_.Known(name); });
    const auto link = stream->channel();
    events_(LinkOpened{link});
    stream->Begin(
        {.said = [this, link](v1::ControllerMessage message,
                              Nanos received) { Push(link, std::move(message), received); },
         .closed =
             [this, link](const grpc::Status&) {
               listener_.Gone(link->peer());
               events_(LinkClosed{link});
             }});
    return stream;
  }

  void Push(const std::shared_ptr<ControlLink>& link, v1::ControllerMessage message,
            Nanos received) {
    auto room = inflow_.Take(message.ByteSizeLong());
    if (room == nullptr) return link->Break();
    events_(LinkMessage{link, std::move(message), received, std::move(room)});
  }

  const std::function<void(LinkEvent)> events_;
  Inflow inflow_{kMostUnheard};
  GrpcListener listener_;  // last: its end ends the events
};

}  // namespace

absl::StatusOr<std::unique_ptr<ControlServer>> ControlServer::Listen(
    const Address& address, std::shared_ptr<TlsFiles> tls, std::function<void(LinkEvent)> events) {
  auto server = std::make_unique<Server>(std::move(tls), std::move(events));
  if (absl::Status status = server->Listen(address); !status.ok()) return status;
  return server;
}

}  // namespace squall
