#include "common/grpc_server.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include "common/grpc_arguments.h"
#include "common/protocol.h"
#include "common/tsan.h"
#include "common/values.h"

namespace squall {
namespace {

using NewConnection = grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters;

// An other end that is gone without a word is given up after both times; one that only stands still
// for a while (stopped, suspended) is not. Not of those whom a controller hears over TCP, which
// asks by itself (common/gate_sockets.h): gRPC would set a timer anew for whatever it reads
// (docs/adr/0014).
constexpr int kPingMilliseconds = 10'000;
constexpr int kPingTimeoutMilliseconds = 20'000;
constexpr int kNever = std::numeric_limits<int>::max();
// From the first byte to the first HTTP/2 frame, with TLS in between.
constexpr int kHandshakeMilliseconds = 10'000;
// A connection without a stream; there is one from its first moment on, or it is of no use.
constexpr int kIdleMilliseconds = 15'000;
// At a time, of one connection: each of ours has one. It is a wish, until the other end confirms
// it.
constexpr int kMostStreams = 8;
// gRPC would count pings that come too often, and end the connection: with a status that has all
// the further ones of a flood in it, each a copy of those before, which takes gigabytes. It stops
// reading when it cannot get rid of its answers.
constexpr int kAnyPings = 0;

// What may come at once: an agent has few controllers, a controller thousands of agents, perhaps
// all of one address.
Gate::Limits LimitsFor(Party party, uint64_t most_calls) {
  Gate::Limits limits;
  limits.most_calls = most_calls;
  if (party == Party::kController) {
    limits.most_silent = 16'384;
    limits.most_strangers = limits.most_of_one_host = 131'072;
    limits.until_gone = false;
  }
  return limits;
}

// TLS where none is spoken: its end, in TLS's own words (RFC 8446, 6: alert, fatal,
// protocol_version).
void TurnTlsAway(int fd) {
  static constexpr unsigned char kAlert[] = {0x15, 3, 3, 0, 2, 2, 70};
  [[maybe_unused]] const ssize_t sent = send(fd, kAlert, sizeof kAlert, MSG_NOSIGNAL);
  shutdown(fd, SHUT_WR);
  // With bytes unread, closing would be a reset, which may overtake the alert.
  unsigned char rest[4096];
  while (recv(fd, rest, sizeof rest, MSG_DONTWAIT) > 0) {
  }
  close(fd);
}

void SetArguments(bool pings, grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, pings ? kPingMilliseconds : kNever);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kAnyPings);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreams);
  SetStreamArguments(
      [&builder](const char* name, int value) { builder.AddChannelArgument(name, value); });
  // It is not read (common/grpc_arguments.h): whoever compresses is told so.
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
}

}  // namespace

absl::Status GrpcListener::Listen(const Address& address, grpc::Service* service,
                                  GrpcQueue* queue) {
  using Builder = grpc::ServerBuilder::experimental_type;
  const char* who = party_ == Party::kAgent ? "agent" : "controller";
  KeepGrpc();
  const bool is_unix = address.display.starts_with("unix:");
  if (is_unix) tls_ = nullptr;
  grpc::ServerBuilder builder;
  SetArguments(party_ == Party::kAgent || is_unix, builder);
  builder.SetMaxReceiveMessageSize(limits_.most_bytes);
  builder.RegisterService(service);
  const auto acceptor = [&builder](std::shared_ptr<grpc::ServerCredentials> credentials) {
    return std::shared_ptr(builder.experimental().AddExternalConnectionAcceptor(
        Builder::ExternalConnectionType::FROM_FD, std::move(credentials)));
  };
  const auto plain = acceptor(grpc::InsecureServerCredentials());
  const auto tls = tls_ == nullptr ? nullptr : acceptor(TlsServerCredentials(tls_));
  absl::StatusOr<std::unique_ptr<Gate>> gate =
      Gate::Open(address, who, LimitsFor(party_, limits_.most_calls));
  if (!gate.ok()) return gate.status();
  gate_ = *std::move(gate);
  address_ = gate_->address();
  queue_ = queue;
  if (queue_ != nullptr) queue_->Begin(builder.AddCompletionQueue());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return absl::InternalError("gRPC cannot start a server");

  return gate_->Begin([this, plain, tls](int fd, bool speaks_tls, const std::string& peer) {
    if (speaks_tls && tls == nullptr) {
      gate_->Gone(peer);
      TurnTlsAway(fd);
      return LogRefused(peer, "it speaks TLS, which is not spoken here (--tls)");
    }
    NewConnection connection;
    connection.fd = fd;
    HappensBefore(this);
    (speaks_tls ? tls : plain)->HandleNewConnection(&connection);
  });
}

void GrpcListener::Close() {
  // Streams that end by this still tell it so.
  if (gate_) gate_->End();
  // It waits for streams, so the queue's thread is still needed.
  if (server_) server_->Shutdown(std::chrono::system_clock::now());
  if (queue_ != nullptr) queue_->End();
}

absl::StatusOr<PeerIdentity> GrpcListener::Whose(const grpc::ServerContextBase& context) const {
  if (tls_ == nullptr) return PeerIdentity{};
  return squall::Admit(context, *tls_,
                       party_ == Party::kAgent ? Party::kController : Party::kAgent);
}

absl::StatusOr<std::shared_ptr<PeerRecord>> GrpcListener::Admit(
    const grpc::ServerContextBase& context) {
  HappensAfter(this);
  const std::string peer = ReadablePeer(context.peer());
  if (!gate_->Called(peer)) return absl::ResourceExhaustedError("too many calls on a connection");
  absl::StatusOr<PeerIdentity> identity = Whose(context);
  if (identity.ok()) {
    // Without a certificate an agent finds out from what is said.
    if (tls_ != nullptr || party_ == Party::kController) gate_->Known(peer);
    return std::make_shared<PeerRecord>(*std::move(identity));
  }
  LogRefused(peer, std::string(identity.status().message()));
  return identity.status();
}

void GrpcListener::Known(const std::string& peer) { gate_->Known(ReadablePeer(peer)); }

void GrpcListener::Gone(const std::string& peer) { gate_->Gone(ReadablePeer(peer)); }

void GrpcListener::LogRefused(const std::string& peer, const std::string& reason) {
  if (const auto left_out = log_limit_.Ask(SteadyNow())) {
    spdlog::warn("event=refused peer={} reason=\"{}\" not_logged={}", LogValue(peer),
                 LogValue(reason), *left_out);
  }
}

std::string ReadablePeer(std::string peer) {
  for (const auto& [escaped, plain] :
       {std::pair{"%5B", "["}, std::pair{"%5D", "]"}, std::pair{"%25", "%"}}) {
    if (const size_t at = peer.find(escaped); at != std::string::npos) peer.replace(at, 3, plain);
  }
  for (const std::string_view kind : {"ipv4:", "ipv6:"}) {
    if (peer.starts_with(kind)) return peer.substr(kind.size());
  }
  return peer;
}

}  // namespace squall
