// Agents that are looked at, in this process: the other end of a FleetCheck.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/address.h"
#include "common/protocol.h"
#include "controller/fleet.h"

namespace squall {

// What an agent does when it is told something: says something, or ends the stream.
using Reactions = std::vector<std::variant<v1::AgentMessage, AgentClosed>>;
using Answer = std::function<Reactions(const v1::ControllerMessage&)>;

inline v1::AgentMessage WelcomeOf(const std::string& busy = "") {
  v1::AgentMessage message;
  v1::Welcome& welcome = *message.mutable_welcome();
  welcome.set_protocol_version(kProtocolVersion);
  welcome.set_build("0.1.0");
  welcome.set_name("fake");
  welcome.set_busy(busy);
  welcome.mutable_host()->set_cores(2);
  welcome.mutable_host()->set_load(0.5);
  return message;
}

// On a clock that is ahead by so much.
inline v1::AgentMessage PongTo(const v1::Ping& ping, Nanos ahead = 0) {
  v1::AgentMessage message;
  v1::Pong& pong = *message.mutable_pong();
  pong.set_id(ping.id());
  pong.set_received_ns(SteadyNow() + ahead);
  pong.mutable_padding()->resize(ping.reply_bytes(), 'y');
  pong.set_sent_ns(SteadyNow() + ahead);
  return message;
}

// As a good agent does.
inline Reactions Good(const v1::ControllerMessage& message) {
  if (message.has_hello()) return {WelcomeOf()};
  if (message.has_ping()) return {PongTo(message.ping())};
  return {};
}

// Bytes of padding, there and asked back.
inline uint64_t LoadOf(const v1::ControllerMessage& message) {
  return message.ping().padding().size() + message.ping().reply_bytes();
}

class FakeCheckDialer final : public Dialer {
 public:
  // Adds agents host-0, host-1, …
  explicit FakeCheckDialer(std::vector<Answer> answers) : answers_(std::move(answers)) {}

  std::vector<Address> addresses() const {
    std::vector<Address> addresses;
    for (size_t i = 0; i < answers_.size(); ++i) {
      addresses.push_back({"host-" + std::to_string(i) + ":7400", std::to_string(i)});
    }
    return addresses;
  }

  std::unique_ptr<AgentLink> Dial(const std::string& target,
                                  std::function<void(FleetNews)> events) override {
    return std::make_unique<Link>(*this, std::stoul(target), std::move(events));
  }

  struct Heard {
    size_t index;  // of the agent that was told
    uint64_t load;
    v1::ControllerMessage::KindCase kind;
    bool check;  // of a Hello
  };
  std::vector<Heard> heard;  // in order
  int open = 0;              // streams

 private:
  class Link final : public AgentLink {
   public:
    Link(FakeCheckDialer& dialer, size_t index, std::function<void(FleetNews)> events)
        : dialer_(dialer), index_(index), events_(std::move(events)) {
      ++dialer_.open;
    }
    ~Link() override { --dialer_.open; }

    void Send(v1::ControllerMessage message) override {
      dialer_.heard.push_back(
          {index_, LoadOf(message), message.kind_case(), message.hello().check()});
      for (auto& reaction : dialer_.answers_[index_](message)) {
        if (auto* said = std::get_if<v1::AgentMessage>(&reaction)) {
          events_(AgentSaid{std::move(*said), SteadyNow()});
        } else {
          events_(std::get<AgentClosed>(std::move(reaction)));
        }
      }
    }

   private:
    FakeCheckDialer& dialer_;
    const size_t index_;
    const std::function<void(FleetNews)> events_;
  };

  const std::vector<Answer> answers_;
};

}  // namespace squall
