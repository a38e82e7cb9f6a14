// An agent's end of the control streams, as events of the session's mailbox.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "common/channel.h"
#include "common/clock.h"
#include "squall/v1/control.pb.h"

namespace squall {

using ControlLink = Channel<v1::AgentMessage>;

// What a stream tells the session, through its mailbox.
struct LinkOpened {  // of one that was dialled from elsewhere
  std::shared_ptr<ControlLink> link;
};
struct LinkMessage {
  std::shared_ptr<ControlLink> link;
  v1::ControllerMessage message;
  Nanos received = 0;
  std::shared_ptr<void> room = {};  // that it takes in the mailbox (common/inflow.h)
};
struct LinkClosed {
  std::shared_ptr<ControlLink> link;
};
// Whether the session is stuck: its own thread calls this, with who has the agent (empty: nobody).
struct LifeSign {
  std::function<void(const std::string& busy)> answer;
};
using LinkEvent = std::variant<LinkOpened, LinkMessage, LinkClosed, LifeSign>;

}  // namespace squall
