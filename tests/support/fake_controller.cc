#include "tests/support/fake_controller.h"

#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "common/mailbox.h"

namespace squall::testing {
namespace {

constexpr Nanos kPatience = 20 * kSecond;

}  // namespace

v1::ControllerMessage HelloMessage(const std::string& controller, uint32_t protocol_version,
                                   const std::string& run_id) {
  v1::ControllerMessage message;
  message.mutable_hello()->set_protocol_version(protocol_version);
  message.mutable_hello()->set_build("9.9.9");
  message.mutable_hello()->set_controller(controller);
  message.mutable_hello()->set_run_id(run_id);
  return message;
}

v1::ControllerMessage PrepareMessage(v1::Prepare prepare) {
  v1::ControllerMessage message;
  *message.mutable_prepare() = std::move(prepare);
  return message;
}

v1::ControllerMessage DataMessage(std::string data) {
  v1::ControllerMessage message;
  message.mutable_data()->set_data(std::move(data));
  return message;
}

v1::ControllerMessage GrantMessage(const std::vector<Span>& spans, bool exhausted, uint32_t phase) {
  v1::ControllerMessage message;
  v1::Grant& grant = *message.mutable_grant();
  grant.set_exhausted(exhausted);
  grant.set_phase(phase);
  for (const Span& span : spans) {
    v1::Span& granted = *grant.add_spans();
    granted.set_first(span.first);
    granted.set_stride(span.stride);
    granted.set_count(span.count);
  }
  return message;
}

v1::ControllerMessage StartMessage() {
  v1::ControllerMessage message;
  message.mutable_start()->set_at_ns(SteadyNow());
  message.mutable_start()->set_lease_from_ns(SteadyNow());
  return message;
}

v1::ControllerMessage DismissMessage() {
  v1::ControllerMessage message;
  message.mutable_dismiss()->set_reason("the test has what it wants");
  return message;
}

v1::ControllerMessage AckMessage(uint64_t sequence) {
  v1::ControllerMessage message;
  message.mutable_ack()->set_sequence(sequence);
  return message;
}

v1::ControllerMessage StopMessage(Nanos drain) {
  v1::ControllerMessage message;
  message.mutable_stop()->set_drain_ns(drain);
  return message;
}

// Called by the session's thread. Like a real one it takes nothing more after Finish().
class FakeController::Link final : public ControlLink {
 public:
  explicit Link(PeerIdentity identity) : identity_(std::move(identity)) {}

  struct Heard {
    v1::AgentMessage message;
    Nanos at = 0;
  };

  void Send(v1::AgentMessage message) override {
    if (!finished_) heard.Push({std::move(message), SteadyNow()});
  }

  void Finish() override {
    if (!finished_) heard.Push({{}, SteadyNow()});
    finished_ = true;
  }

  void Break() override { Finish(); }

  const std::string& peer() const override { return peer_; }
  PeerIdentity identity() const override { return identity_; }

  Mailbox<Heard> heard;

 private:
  const std::string peer_ = "test";
  const PeerIdentity identity_;
  bool finished_ = false;
};

FakeController::FakeController(Session& session, PeerIdentity identity)
    : session_(session), link_(std::make_shared<Link>(std::move(identity))) {}

FakeController::~FakeController() = default;

void FakeController::Say(v1::ControllerMessage message) {
  const bool is_command =
      message.has_grant() || message.has_start() || message.has_resize() || message.has_stop();
  if (is_command && message.command() == 0) message.set_command(++commands_);
  session_.Post(LinkMessage{link_, std::move(message), SteadyNow()});
}

void FakeController::Close() { session_.Post(LinkClosed{link_}); }

v1::AgentMessage FakeController::Hear() { return HearUntil(SteadyNow() + kPatience); }

v1::AgentMessage FakeController::HearUntil(Nanos deadline) {
  std::optional<Link::Heard> heard;
  if (SteadyNow() < deadline) heard = link_->heard.PopUntil(deadline);
  if (!heard) {
    ADD_FAILURE() << "the agent does not say what it should";
    return {};
  }
  heard_at_ = heard->at;
  if (heard->message.has_done()) Say(DismissMessage());
  return std::move(heard->message);
}

v1::AgentMessage FakeController::Hear(v1::AgentMessage::KindCase kind) {
  v1::AgentMessage message = Hear();
  EXPECT_EQ(message.kind_case(), kind) << message.ShortDebugString();
  return message;
}

std::vector<v1::AgentMessage> FakeController::HearAll() {
  const Nanos deadline = SteadyNow() + kPatience;
  std::vector<v1::AgentMessage> all;
  while (true) {
    v1::AgentMessage message = HearUntil(deadline);
    if (message.kind_case() == v1::AgentMessage::KIND_NOT_SET) return all;
    all.push_back(std::move(message));
  }
}

}  // namespace squall::testing
