// The gRPC adapter of those who supervise an agent: an address of its own for health checks.
//
// It serves the standard grpc.health.v1 and nothing else, without TLS: supervisors (Kubernetes'
// kubelet) have no certificates, and whoever reaches it learns only whether the agent is well. The
// session itself answers, by a LifeSign: from one that hangs no answer comes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "agent/control_link.h"
#include "common/address.h"

namespace squall {

class HealthServer {
 public:
  // Listens on `address`, on any free port if it has port 0. `events` is called from gRPC's threads
  // until the server is destroyed and must not block. UNAVAILABLE if the address cannot be had.
  static absl::StatusOr<std::unique_ptr<HealthServer>> Listen(
      const Address& address, std::function<void(LinkEvent)> events);

  // Those who still wait hear UNAVAILABLE. The session may answer later: nobody hears it.
  virtual ~HealthServer() = default;

  // The address for people, with the port that was chosen.
  virtual const std::string& address() const = 0;
};

}  // namespace squall
