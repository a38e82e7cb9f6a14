// The controller's end of the control streams.
//
// An AgentLink is one stream with one agent; what it hears goes into the coordinator's mailbox as
// events that carry the link's number. A broken link is replaced by another with a new number, so
// that what is left in the mailbox of an old one is nobody's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/clock.h"
#include "squall/v1/control.pb.h"

namespace squall {

class TlsFiles;

class AgentLink {
 public:
  // Breaks the stream if it is still there; nothing is heard of it afterwards but what is already
  // in the mailbox.
  virtual ~AgentLink() = default;

  // Queues a message; lost if the stream is broken.
  virtual void Send(v1::ControllerMessage message) = 0;
};

// Of what is sent, the parts of the plan and of the list: the only ones whose way out is waited
// for.
inline bool IsPartOfPlan(const v1::ControllerMessage& message) {
  return message.has_prepare() || message.has_feeder() || message.has_data();
}

// The agent said something.
struct AgentSaid {
  v1::AgentMessage message;
  Nanos received = 0;
  std::shared_ptr<void> room = {};  // that it takes in the mailbox (common/inflow.h)
  std::shared_ptr<void> hold = {};  // of its stream: what follows is read afterwards
};
// Everything queued for it has been written, and a part of the plan or of the list was last.
struct AgentDrained {};
// The stream is over: OK if the agent ended it, otherwise why, in words for the user.
struct AgentClosed {
  absl::Status status;
};
// An agent has dialled: the first event of such a link.
struct AgentAttached {
  std::unique_ptr<AgentLink> link;
  std::string peer;  // where it is, for people
};

using FleetNews = std::variant<AgentSaid, AgentDrained, AgentClosed, AgentAttached>;

struct FleetEvent {
  uint64_t link = 0;
  FleetNews news;
};

// Numbers of links that were dialled by agents begin here.
inline constexpr uint64_t kFirstAttached = uint64_t{1} << 63;

// How links are made: the seam between the coordinator and gRPC.
class Dialer {
 public:
  virtual ~Dialer() = default;
  // `target` as gRPC names it. `events` is called from other threads and must not block.
  virtual std::unique_ptr<AgentLink> Dial(const std::string& target,
                                          std::function<void(FleetNews)> events) = 0;
};

// Dials listening agents by gRPC. With `tls` only agents of its authority are believed; a unix
// socket has no TLS.
std::unique_ptr<Dialer> MakeGrpcDialer(std::shared_ptr<TlsFiles> tls);

// Lets agents dial.
class FleetServer {
 public:
  // `tls` as above. `events` is called from another thread until this is destroyed, and must not
  // block; while there is a Watch, within Look(). UNAVAILABLE if the address cannot be had.
  static absl::StatusOr<std::unique_ptr<FleetServer>> Listen(
      const Address& address, std::shared_ptr<TlsFiles> tls,
      std::function<void(FleetEvent)> events);

  // Breaks every stream and waits for its last event.
  virtual ~FleetServer() = default;

  // The address for people, with the port that was chosen.
  virtual const std::string& address() const = 0;

  // While there is one, the thread that made it hears the agents, in the place of the server's own:
  // that thousands say something wakes nobody.
  class Watch {
   public:
    virtual ~Watch() = default;
    // Waits until an agent says something, a message to it has left, or such, until `deadline` or
    // Wake(); `events` has been called then. False: there was nothing.
    virtual bool Look(Nanos deadline) = 0;
    // Any thread.
    virtual void Wake() = 0;
  };
  // One at a time, which does not outlive this. Null: events come as before.
  virtual std::unique_ptr<Watch> MakeWatch() = 0;
};

}  // namespace squall
