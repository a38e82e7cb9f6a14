// An agent's end of one control stream, whoever dialled it.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "squall/v1/control.pb.h"

namespace squall {

class ControlLink {
 public:
  virtual ~ControlLink() = default;

  // Queues a message; lost if the stream is broken. Any thread.
  virtual void Send(v1::AgentMessage message) = 0;
  // Ends the stream when what is queued has been written. Any thread.
  virtual void Finish() = 0;
  // Where the controller is, for logs.
  virtual const std::string& peer() const = 0;
};

// What a stream tells the session, through its mailbox.
struct LinkMessage {
  std::shared_ptr<ControlLink> link;
  v1::ControllerMessage message;
};
struct LinkClosed {
  std::shared_ptr<ControlLink> link;
};
using LinkEvent = std::variant<LinkMessage, LinkClosed>;

}  // namespace squall
