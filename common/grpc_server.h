// Listening for gRPC streams: what the agent's server and the controller's have in common.
#pragma once

#include <memory>
#include <string>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/grpc_arguments.h"
#include "common/protocol.h"

namespace squall {

// An other end that is gone without a word is given up after both times; one that only stands still
// for a while (stopped, suspended) is not.
inline constexpr int kPingMilliseconds = 10'000;
inline constexpr int kPingTimeoutMilliseconds = 20'000;

// For a unix socket: gRPC would take it from its owner without a word. A file that nobody listens
// on any more is taken over.
inline bool SomebodyListens(const Address& address) {
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

struct GrpcListener {
  std::unique_ptr<grpc::Server> server;
  std::string address;  // for people, with the port that was chosen
};

// Serves `service`, on any free port if the address has port 0. UNAVAILABLE if it cannot be had;
// `who` listens there as a rule: "agent".
inline absl::StatusOr<GrpcListener> ListenByGrpc(const Address& address, grpc::Service* service,
                                                 const char* who) {
  if (SomebodyListens(address)) {
    return absl::UnavailableError(
        fmt::format("{}: another {} listens there", address.display, who));
  }
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address.target, grpc::InsecureServerCredentials(), &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // no two must share a port
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // The other side asks in the same way.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPingMilliseconds / 2);
  SetStreamArguments(
      [&builder](const char* name, int value) { builder.AddChannelArgument(name, value); });
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.RegisterService(service);
  GrpcListener listener{builder.BuildAndStart(), address.display};
  if (!listener.server) {
    return absl::UnavailableError(
        fmt::format("{}: cannot listen there: is another {} running, or is the address not this "
                    "machine's?",
                    address.display, who));
  }
  if (!listener.address.starts_with("unix:")) {
    listener.address =
        fmt::format("{}:{}", listener.address.substr(0, listener.address.rfind(':')), port);
  }
  return listener;
}

}  // namespace squall
