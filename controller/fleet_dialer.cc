#include <utility>

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "absl/strings/match.h"
#include "common/grpc_arguments.h"
#include "common/grpc_stream.h"
#include "common/grpc_tls.h"
#include "controller/agent_words.h"
#include "controller/fleet.h"
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

using Stream = ClientStream<v1::AgentMessage, v1::ControllerMessage>;

class Link final : public AgentLink {
 public:
  Link(const std::string& target, const std::shared_ptr<TlsFiles>& tls,
       const std::function<void(FleetNews)>& events)
      : tls_(tls != nullptr) {
    stub_ = v1::Agent::NewStub(grpc::CreateCustomChannel(
        target, DialCredentials(tls, Party::kAgent, peer_), DialArguments()));
    stream_ = std::make_unique<Stream>(
        target, peer_,
        StreamEvents<v1::AgentMessage, v1::ControllerMessage>{
            .said =
                [this, events](v1::AgentMessage message, Nanos received) {
                  answered_ = true;
                  auto news = words_.Said(std::move(message), received, peer_->identity());
                  if (news) events(*std::move(news));
                },
            .drained =
                [events](const v1::ControllerMessage& last) {
                  if (IsPartOfPlan(last)) events(AgentDrained{});
                },
            .closed =
                [this, events](const grpc::Status& status) {
                  const std::string apart = WhyNotTogether(status, *peer_, Party::kAgent, tls_);
                  auto news = words_.Closed(apart.empty() ? Explain(status, answered_)
                                                          : absl::UnavailableError(apart));
                  if (news) events(*std::move(news));
                }},
        [this](grpc::ClientContext* context,
               grpc::ClientBidiReactor<v1::ControllerMessage, v1::AgentMessage>* reactor) {
          stub_->async()->Session(context, reactor);
        });
  }

  void Send(v1::ControllerMessage message) override {
    stream_->channel()->Send(std::move(message));
  }

 private:
  const bool tls_;
  const std::shared_ptr<PeerRecord> peer_ = std::make_shared<PeerRecord>();
  std::unique_ptr<v1::Agent::Stub> stub_;
  AgentWords words_;                // gRPC's reactions only
  bool answered_ = false;           // likewise
  std::unique_ptr<Stream> stream_;  // last: it waits for its last event
};

class GrpcDialer final : public Dialer {
 public:
  explicit GrpcDialer(std::shared_ptr<TlsFiles> tls) : tls_(std::move(tls)) {}

  std::unique_ptr<AgentLink> Dial(const std::string& target,
                                  std::function<void(FleetNews)> events) override {
    return std::make_unique<Link>(target, target.starts_with("unix:") ? nullptr : tls_, events);
  }

 private:
  const std::shared_ptr<TlsFiles> tls_;
};

}  // namespace

std::unique_ptr<Dialer> MakeGrpcDialer(std::shared_ptr<TlsFiles> tls) {
  return std::make_unique<GrpcDialer>(std::move(tls));
}

}  // namespace squall
