// Listening for gRPC streams: what the agent's server and the controller's have in common.
//
// A gate (common/gate.h) accepts connections and gives them to gRPC. Where there is TLS, one that
// begins without it is served as well: as far as being told what is wrong.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/gate.h"
#include "common/grpc_queue.h"
#include "common/grpc_tls.h"
#include "common/log_limit.h"
#include "common/peer_record.h"
#include "common/protocol.h"
#include "common/tsan.h"

namespace squall {

class GrpcListener {
 public:
  // What a message and a connection may have.
  struct Limits {
    int most_bytes = kMaxMessageBytes;
    uint64_t most_calls = Gate::Limits().most_calls;
  };

  // `party` listens. Null files: there is no TLS; nor is there on a unix socket.
  GrpcListener(Party party, std::shared_ptr<TlsFiles> tls) : GrpcListener(party, tls, Limits()) {}
  GrpcListener(Party party, std::shared_ptr<TlsFiles> tls, const Limits& limits)
      : party_(party), limits_(limits), tls_(std::move(tls)) {}
  // Close() was called, or nothing was listened to.
  ~GrpcListener() = default;

  // Serves `service`, on any free port if the address has port 0. Once. UNAVAILABLE if it cannot be
  // had. The calls of an asynchronous one are to be awaited on `queue`, which is begun and, by
  // Close(), ended; it outlives the listener.
  absl::Status Listen(const Address& address, grpc::Service* service, GrpcQueue* queue = nullptr);

  // Breaks every stream and waits for the last event.
  void Close();

  // For people, with the port that was chosen.
  const std::string& address() const { return address_; }

  // Whose call it is, first of all that is done about it. An error is to be its end: it was logged.
  // Any thread.
  absl::StatusOr<std::shared_ptr<PeerRecord>> Admit(const grpc::ServerContextBase& context);

  // As for the gate (common/gate.h), by gRPC's name of the other end. Any thread, until Close().
  void Known(const std::string& peer);
  void Gone(const std::string& peer);

 private:
  absl::StatusOr<PeerIdentity> Whose(const grpc::ServerContextBase& context) const;
  void LogRefused(const std::string& peer, const std::string& reason);

  const Party party_;
  const Limits limits_;
  std::shared_ptr<TlsFiles> tls_;
  std::string address_;
  LogLimit log_limit_;
  GrpcQueue* queue_ = nullptr;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Gate> gate_;  // last: it gives the server its connections
};

// The answer to a call that is not admitted. Its own owner.
template <typename In, typename Out>
class RefusedStream final : public grpc::ServerBidiReactor<In, Out> {
 public:
  explicit RefusedStream(const absl::Status& why) {
    HappensBefore(this);
    this->Finish(
        grpc::Status(static_cast<grpc::StatusCode>(why.code()), std::string(why.message())));
  }
  void OnDone() noexcept override {
    HappensAfter(this);
    delete this;
  }
};

// gRPC's "ipv4:10.0.0.7:4711" or "ipv6:%5B::1%5D:4711" as people write it.
std::string ReadablePeer(std::string peer);

}  // namespace squall
