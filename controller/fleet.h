// The controller's end of the control streams.
//
// An AgentLink is one stream to one agent; what it hears goes into the coordinator's mailbox as
// events that carry the agent's index and the number of the attempt (an agent may be dialled
// again).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "squall/v1/control.pb.h"

namespace squall {

// The agent said something.
struct AgentSaid {
  v1::AgentMessage message;
};
// Everything queued for it has been written.
struct AgentDrained {};
// The stream is over: OK if the agent ended it, otherwise why, in words for the user.
struct AgentClosed {
  absl::Status status;
};

using FleetNews = std::variant<AgentSaid, AgentDrained, AgentClosed>;

struct FleetEvent {
  size_t agent = 0;
  uint32_t attempt = 0;
  FleetNews news;
};

class AgentLink {
 public:
  // Breaks the stream if it is still there, and waits for its last event.
  virtual ~AgentLink() = default;

  // Queues a message; lost if the stream is broken.
  virtual void Send(v1::ControllerMessage message) = 0;
};

// How links are made: the seam between the coordinator and gRPC.
class Dialer {
 public:
  virtual ~Dialer() = default;
  // `target` as gRPC names it. `events` is called from other threads and must not block.
  virtual std::unique_ptr<AgentLink> Dial(const std::string& target,
                                          std::function<void(FleetNews)> events) = 0;
};

// Dials listening agents by gRPC.
std::unique_ptr<Dialer> MakeGrpcDialer();

}  // namespace squall
