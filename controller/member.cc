#include "controller/member.h"

#include <utility>

#include <fmt/format.h>

namespace squall {

void Member::Command(v1::ControllerMessage message) {
  message.set_command(++commands_);
  unconfirmed_.push_back(std::move(message));
  if (!link || stage == Stage::kAway) return;
  v1::ControllerMessage sent = unconfirmed_.back();
  sent.set_acknowledged(sequence);
  acknowledged_ = sequence;
  link->Send(std::move(sent));
}

void Member::Acknowledge() {
  v1::ControllerMessage message;
  message.mutable_ack()->set_sequence(sequence);
  acknowledged_ = sequence;
  link->Send(std::move(message));
}

void Member::BeginAnew() {
  commands_ = 0;
  acknowledged_ = 0;
  unconfirmed_.clear();
}

void Member::Confirm(uint64_t command) {
  while (!unconfirmed_.empty() && unconfirmed_.front().command() <= command) {
    unconfirmed_.pop_front();
  }
}

void Member::RepeatCommands() {
  for (const v1::ControllerMessage& message : unconfirmed_) link->Send(message);
}

void Member::Ping(Nanos now) {
  v1::ControllerMessage message;
  message.mutable_ping()->set_id(++ping_);
  ping_sent_ = now;
  link->Send(std::move(message));
}

bool Member::OnPong(const v1::Pong& pong, Nanos received) {
  if (pong.id() != ping_) return pong.id() < ping_;  // of a stream before
  return clock.Add(ping_sent_, pong.received_ns(), pong.sent_ns(), received);
}

std::string Named(const Member& member) {
  const AgentResult& agent = member.result;
  if (agent.name.empty() || agent.name == agent.address) {
    return fmt::format("agent {}", agent.address);
  }
  return fmt::format("agent {} ({})", agent.name, agent.address);
}

std::string Reason(const AgentClosed& closed) {
  return closed.status.ok() ? "it ended the conversation" : std::string(closed.status.message());
}

}  // namespace squall
