// The gRPC adapter of an agent that controllers dial.
//
// It turns streams into events and messages into writes, and knows nothing of the protocol.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "agent/control_link.h"
#include "common/address.h"

namespace squall {

class TlsFiles;

class ControlServer {
 public:
  // Listens on `address`, on any free port if it has port 0. With `tls` only controllers of its
  // authority are heard (but on a unix socket, which has no TLS). `events` is called from gRPC's
  // threads until the server is destroyed and must not block.
  // UNAVAILABLE if the address cannot be had.
  static absl::StatusOr<std::unique_ptr<ControlServer>> Listen(
      const Address& address, std::shared_ptr<TlsFiles> tls, std::function<void(LinkEvent)> events);

  // Breaks every stream and waits for the last event.
  virtual ~ControlServer() = default;

  // The address for people, with the port that was chosen.
  virtual const std::string& address() const = 0;
};

}  // namespace squall
