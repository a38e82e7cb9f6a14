#include "agent/control_server.h"

#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/protocol.h"
#include "common/tsan.h"
#include "common/write_queue.h"
#include "squall/v1/control.grpc.pb.h"

namespace squall {
namespace {

// A controller that is gone without a word is given up after both times; one that only stands still
// for a while (stopped, suspended) is not. Until then an agent has no more work than it was
// granted.
constexpr int kPingMilliseconds = 10'000;
constexpr int kPingTimeoutMilliseconds = 20'000;

using Events = std::function<void(LinkEvent)>;
using Reactor = grpc::ServerBidiReactor<v1::ControllerMessage, v1::AgentMessage>;

// The session's handle of a stream. It may outlive the stream, and then sends into the void.
class Link final : public ControlLink {
 public:
  Link(Reactor* reactor, std::string peer) : reactor_(reactor), peer_(std::move(peer)) {}

  void Send(v1::AgentMessage message) override { Do(queue_.Push(std::move(message))); }
  void Finish() override { Do(queue_.Close()); }
  const std::string& peer() const override { return peer_; }

  void Written(bool ok) { Do(queue_.Written(ok)); }

 private:
  // Whenever there is something to do the reactor is there: it lives until Finish(), once.
  void Do(WriteQueue<v1::AgentMessage>::Next next) {
    if (next.message != nullptr) reactor_->StartWrite(next.message);
    if (next.finish) reactor_->Finish(grpc::Status::OK);
  }

  Reactor* const reactor_;
  const std::string peer_;
  WriteQueue<v1::AgentMessage> queue_;
};

// One stream. Its own owner, from the call to OnDone.
class Stream final : public Reactor {
 public:
  Stream(const std::string& peer, const Events& events)
      : events_(events), link_(std::make_shared<Link>(this, peer)) {
    HappensBefore(this);
    StartRead(&incoming_);
  }

  void OnReadDone(bool ok) noexcept override {
    const InReaction order(this);
    if (!ok) {  // the controller has ended the stream, or is gone
      events_(LinkClosed{link_});
      link_->Finish();
      return;
    }
    events_(LinkMessage{link_, std::move(incoming_)});
    incoming_.Clear();
    HappensBefore(this);
    StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) noexcept override {
    const InReaction order(this);
    link_->Written(ok);
  }

  void OnDone() noexcept override {
    HappensAfter(this);
    delete this;
  }

 private:
  const Events& events_;
  const std::shared_ptr<Link> link_;
  v1::ControllerMessage incoming_;
};

// For a unix socket: gRPC would take it from its owner without a word. A file that nobody listens
// on any more is taken over.
bool SomebodyListens(const Address& address) {
  constexpr std::string_view kUnix = "unix:";
  sockaddr_un name{};
  if (!address.display.starts_with(kUnix)) return false;
  const std::string path = address.display.substr(kUnix.size());
  if (path.size() >= sizeof(name.sun_path)) return false;
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, path.size());
  const int probe = socket(AF_UNIX, SOCK_STREAM, 0);
  if (probe < 0) return false;
  const bool answered = connect(probe, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
  close(probe);
  return answered;
}

class Server final : public ControlServer, private v1::Agent::CallbackService {
 public:
  explicit Server(Events events) : events_(std::move(events)) {}

  ~Server() override {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
  }

  absl::Status Listen(const Address& address) {
    if (SomebodyListens(address)) {
      return absl::UnavailableError(
          fmt::format("{}: another agent listens there", address.display));
    }
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address.target, grpc::InsecureServerCredentials(), &port);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // two agents must not share a port
    // A controller whose machine has vanished is noticed, whatever stage the run is in.
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMilliseconds);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMilliseconds);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    if (!server_) {
      return absl::UnavailableError(
          fmt::format("{}: cannot listen there: is another agent running, or is the "
                      "address not this machine's?",
                      address.display));
    }
    address_ = address.display;
    if (!address_.starts_with("unix:")) {
      address_ = fmt::format("{}:{}", address_.substr(0, address_.rfind(':')), port);
    }
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

 private:
  Reactor* Session(grpc::CallbackServerContext* context) override {
    return new Stream(context->peer(), events_);
  }

  const Events events_;
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
