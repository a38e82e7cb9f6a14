#include "agent/control_health.h"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "common/grpc_server.h"
#include "common/mutex.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace squall {
namespace {

namespace health = grpc::health::v1;

// Whoever looks may look for ever, on one connection.
constexpr GrpcListener::Limits kLimits = {.most_bytes = 1024, .most_calls = UINT64_MAX};

// The calls that wait for the session. It is asked once for all of them, so that no flood of calls
// becomes one of the session's mailbox.
class Waiting {
 public:
  // True: the session is to be asked.
  bool Add(grpc::ServerUnaryReactor* call, health::HealthCheckResponse* response) {
    {
      MutexLock lock(mutex_);
      if (!closed_) {
        calls_.push_back({call, response});
        return calls_.size() == 1;
      }
    }
    call->Finish({grpc::StatusCode::UNAVAILABLE, "the agent is shutting down"});
    return false;
  }

  void Answer() {
    for (const Call& call : Take(/*close=*/false)) {
      call.response->set_status(health::HealthCheckResponse::SERVING);
      call.reactor->Finish(grpc::Status::OK);
    }
  }

  void Close() {
    for (const Call& call : Take(/*close=*/true)) {
      call.reactor->Finish({grpc::StatusCode::UNAVAILABLE, "the agent is shutting down"});
    }
  }

 private:
  struct Call {
    grpc::ServerUnaryReactor* reactor;
    health::HealthCheckResponse* response;
  };

  std::vector<Call> Take(bool close) {
    MutexLock lock(mutex_);
    closed_ = closed_ || close;
    return std::exchange(calls_, {});
  }

  Mutex mutex_;
  std::vector<Call> calls_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

class Server final : public HealthServer, private health::Health::CallbackService {
 public:
  explicit Server(std::function<void(LinkEvent)> events) : events_(std::move(events)) {}

  ~Server() override {
    waiting_->Close();
    listener_.Close();
  }

  absl::Status Listen(const Address& address) { return listener_.Listen(address, this); }

  const std::string& address() const override { return listener_.address(); }

 private:
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const health::HealthCheckRequest* request,
                                  health::HealthCheckResponse* response) override {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    if (const auto peer = listener_.Admit(*context); !peer.ok()) {
      call->Finish({grpc::StatusCode::PERMISSION_DENIED, std::string(peer.status().message())});
      return call;
    }
    listener_.Known(context->peer());  // what it may do here it may do for long
    constexpr std::string_view kService = "squall.v1.Agent";
    if (!request->service().empty() && request->service() != kService) {
      call->Finish({grpc::StatusCode::NOT_FOUND, "no such service here"});
    } else if (waiting_->Add(call, response)) {
      events_(LifeSign{[waiting = waiting_](const std::string&) { waiting->Answer(); }});
    }
    return call;
  }

  const std::function<void(LinkEvent)> events_;
  const std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
  GrpcListener listener_{Party::kAgent, nullptr, kLimits};  // last: its end ends the events
};

}  // namespace

absl::StatusOr<std::unique_ptr<HealthServer>> HealthServer::Listen(
    const Address& address, std::function<void(LinkEvent)> events) {
  auto server = std::make_unique<Server>(std::move(events));
  if (absl::Status status = server->Listen(address); !status.ok()) return status;
  return server;
}

}  // namespace squall
