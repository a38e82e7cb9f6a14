// A controller in this process: the other end of an agent's session, without gRPC between them.
//
// Used by one thread; what the agent says arrives from the session's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/session.h"
#include "common/clock.h"
#include "common/identity.h"
#include "common/protocol.h"
#include "common/span.h"
#include "squall/v1/control.pb.h"

namespace squall::testing {

// What controllers say.
v1::ControllerMessage HelloMessage(const std::string& controller = "ann@lab (process 1)",
                                   uint32_t protocol_version = kProtocolVersion,
                                   const std::string& run_id = "run");
v1::ControllerMessage PrepareMessage(v1::Prepare prepare);
v1::ControllerMessage DataMessage(std::string data);
v1::ControllerMessage GrantMessage(const std::vector<Span>& spans, bool exhausted = false,
                                   uint32_t phase = 0);
// Now.
v1::ControllerMessage StartMessage();
v1::ControllerMessage DismissMessage();
v1::ControllerMessage AckMessage(uint64_t sequence);
v1::ControllerMessage StopMessage(Nanos drain);

class FakeController {
 public:
  // The session is borrowed until the last message has been said. `identity`: of its certificate.
  explicit FakeController(Session& session, PeerIdentity identity = {});
  ~FakeController();

  // Commands get their numbers.
  void Say(v1::ControllerMessage message);
  // The stream breaks.
  void Close();

  // The next thing that the agent says; KIND_NOT_SET when it has ended the stream. A test failure
  // if nothing comes for long. Done is answered by Dismiss.
  v1::AgentMessage Hear();
  // The same, and a test failure if it is of another kind.
  v1::AgentMessage Hear(v1::AgentMessage::KindCase kind);
  // When the agent said what was heard last.
  Nanos heard_at() const { return heard_at_; }
  // Everything up to the end of the stream; a test failure if that does not come for long.
  std::vector<v1::AgentMessage> HearAll();

 private:
  class Link;

  v1::AgentMessage HearUntil(Nanos deadline);

  Session& session_;
  const std::shared_ptr<Link> link_;
  Nanos heard_at_ = 0;
  uint64_t commands_ = 0;
};

}  // namespace squall::testing
