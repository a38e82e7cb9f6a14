// Agents that dial a controller, over real connections.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "agent/control_client.h"
#include "common/address.h"
#include "common/mailbox.h"
#include "controller/fleet.h"

namespace squall {
namespace {

constexpr Nanos kPatience = 20 * kSecond;
constexpr uint64_t kMany = 500;  // messages

struct Agent {
  explicit Agent(const std::string& controller)
      : client(*ParseAddress(controller), nullptr,
               [this](LinkEvent event) { heard.Push(std::move(event)); }) {}

  template <typename Event>
  Event Next() {
    const Nanos deadline = SteadyNow() + kPatience;
    while (std::optional<LinkEvent> event = heard.PopUntil(deadline)) {
      if (auto* wanted = std::get_if<Event>(&*event)) return std::move(*wanted);
    }
    ADD_FAILURE() << "nothing came to the agent";
    return {};
  }

  Mailbox<LinkEvent> heard;
  ControlClient client;
};

v1::AgentMessage Pong(uint64_t id) {
  v1::AgentMessage message;
  message.mutable_pong()->set_id(id);
  return message;
}

v1::ControllerMessage Ack(uint64_t sequence) {
  v1::ControllerMessage message;
  message.mutable_ack()->set_sequence(sequence);
  return message;
}

v1::ControllerMessage Plan() {
  v1::ControllerMessage message;
  message.mutable_prepare();
  return message;
}

class FleetServerTest : public ::testing::Test {
 protected:
  FleetServerTest() {
    auto server = FleetServer::Listen(*ParseListenAddress("127.0.0.1:0"), nullptr,
                                      [this](FleetEvent event) { events_.Push(std::move(event)); });
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  FleetEvent NextEvent() {
    std::optional<FleetEvent> event = events_.PopUntil(SteadyNow() + kPatience);
    EXPECT_TRUE(event.has_value()) << "nothing came to the controller";
    return event ? *std::move(event) : FleetEvent{};
  }

  // Of the next one that dials; it was greeted.
  std::unique_ptr<AgentLink> NextLink() {
    FleetEvent event = NextEvent();
    auto* attached = std::get_if<AgentAttached>(&event.news);
    EXPECT_NE(attached, nullptr);
    if (attached == nullptr) return nullptr;
    number_ = event.link;
    attached->link->Send(Ack(0));
    return std::move(attached->link);
  }

  // How the last one's stream ended; everything before it is passed over, and so is who comes
  // again.
  absl::Status NextEnd() {
    while (true) {
      const FleetEvent event = NextEvent();
      if (event.link == 0) return absl::InternalError("it did not end");
      const auto* closed = std::get_if<AgentClosed>(&event.news);
      if (closed != nullptr && event.link == number_) return closed->status;
    }
  }

  Mailbox<FleetEvent> events_;
  std::unique_ptr<FleetServer> server_;
  uint64_t number_ = 0;
};

TEST_F(FleetServerTest, WhatIsSaidComesInOrderEitherWay) {
  Agent agent(server_->address());
  const auto link = NextLink();
  const auto channel = agent.Next<LinkMessage>().link;
  for (uint64_t i = 1; i <= kMany; ++i) {
    link->Send(Ack(i));
    channel->Send(Pong(i));
  }
  Nanos before = 0;
  for (uint64_t i = 1; i <= kMany; ++i) {
    EXPECT_EQ(agent.Next<LinkMessage>().message.ack().sequence(), i);
    const FleetEvent event = NextEvent();
    ASSERT_TRUE(std::holds_alternative<AgentSaid>(event.news));
    const auto& said = std::get<AgentSaid>(event.news);
    EXPECT_EQ(event.link, number_);
    EXPECT_EQ(said.message.pong().id(), i);
    EXPECT_NE(said.room, nullptr);
    EXPECT_GE(said.received, before);
    before = said.received;
  }
}

TEST_F(FleetServerTest, WhoeverHasTheWatchHearsAll) {
  Agent agent(server_->address());
  const auto link = NextLink();
  const auto channel = agent.Next<LinkMessage>().link;
  for (int turn = 0; turn < 3; ++turn) {
    auto watch = server_->MakeWatch();
    channel->Send(Pong(1));
    EXPECT_FALSE(events_.PopUntil(SteadyNow() + 20 * kMillisecond).has_value())
        << "nobody looks but the watch";
    const Nanos deadline = SteadyNow() + kPatience;
    while (events_.empty() && SteadyNow() < deadline) watch->Look(deadline);
    EXPECT_TRUE(std::holds_alternative<AgentSaid>(NextEvent().news));
    link->Send(Ack(1));
    watch->Look(SteadyNow() + 5 * kMillisecond);  // what is sent goes out without it as well
    EXPECT_TRUE(agent.Next<LinkMessage>().message.has_ack());
    watch = nullptr;
    channel->Send(Pong(2));
    EXPECT_TRUE(std::holds_alternative<AgentSaid>(NextEvent().news));
  }
}

TEST_F(FleetServerTest, AWatchIsWoken) {
  const auto watch = server_->MakeWatch();
  const Nanos begin = SteadyNow();
  while (watch->Look(begin + 20 * kMillisecond)) {  // what woke whoever looked before
  }
  EXPECT_GE(SteadyNow(), begin + 20 * kMillisecond) << "nothing came";
  for (const bool before : {true, false}) {
    std::thread other([&] {
      if (!before) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      watch->Wake();
    });
    if (before) other.join();
    const Nanos waiting = SteadyNow();
    watch->Look(waiting + kPatience);
    EXPECT_LT(SteadyNow(), waiting + kPatience);
    if (!before) other.join();
  }
}

TEST_F(FleetServerTest, ThatAPartOfAPlanHasLeftIsTold) {
  Agent agent(server_->address());
  const auto link = NextLink();
  agent.Next<LinkMessage>();
  link->Send(Ack(1));
  link->Send(Plan());
  EXPECT_TRUE(std::holds_alternative<AgentDrained>(NextEvent().news));
  EXPECT_TRUE(agent.Next<LinkMessage>().message.has_ack());
  EXPECT_TRUE(agent.Next<LinkMessage>().message.has_prepare());
  // Of what is no part of it nothing is told.
  link->Send(Ack(2));
  const LinkMessage last = agent.Next<LinkMessage>();
  last.link->Send(Pong(1));
  EXPECT_TRUE(std::holds_alternative<AgentSaid>(NextEvent().news));
}

TEST_F(FleetServerTest, AnAgentThatFinishesHasNotBrokenOff) {
  Agent agent(server_->address());
  const auto link = NextLink();
  const auto channel = agent.Next<LinkMessage>().link;
  channel->Send(Pong(1));
  channel->Finish();
  EXPECT_TRUE(std::holds_alternative<AgentSaid>(NextEvent().news));
  EXPECT_TRUE(NextEnd().ok());
  agent.Next<LinkClosed>();
}

TEST_F(FleetServerTest, AnAgentThatIsGoneHasBrokenOff) {
  Agent agent(server_->address());
  const auto link = NextLink();
  agent.Next<LinkMessage>().link->Break();
  EXPECT_EQ(NextEnd().message(), "its connection broke");
  link->Send(Ack(1));  // into the void
}

TEST_F(FleetServerTest, ALinkThatIsDroppedEndsTheStreamWhenAllIsWritten) {
  Agent agent(server_->address());
  auto link = NextLink();
  for (uint64_t i = 1; i <= kMany; ++i) link->Send(Ack(i));
  link.reset();
  for (uint64_t i = 0; i <= kMany; ++i) {
    EXPECT_EQ(agent.Next<LinkMessage>().message.ack().sequence(), i);
  }
  agent.Next<LinkClosed>();
  EXPECT_TRUE(NextEnd().ok());
}

TEST_F(FleetServerTest, ItsEndIsTheEndOfEveryStream) {
  constexpr size_t kAgents = 8;
  std::vector<std::unique_ptr<Agent>> agents;
  std::vector<std::unique_ptr<AgentLink>> links;
  for (size_t i = 0; i < kAgents; ++i) {
    agents.push_back(std::make_unique<Agent>(server_->address()));
    links.push_back(NextLink());
  }
  for (const auto& agent : agents) {
    const auto channel = agent->Next<LinkMessage>().link;
    for (uint64_t i = 0; i < kMany; ++i) channel->Send(Pong(i));
  }
  for (const auto& link : links) {
    for (uint64_t i = 0; i < kMany; ++i) link->Send(Plan());
  }
  server_.reset();
  std::map<uint64_t, bool> ended;  // by link
  while (const std::optional<FleetEvent> event = events_.PopUntil(0)) {
    EXPECT_FALSE(ended[event->link]) << "something came after the end";
    if (std::holds_alternative<AgentClosed>(event->news)) ended[event->link] = true;
  }
  EXPECT_GE(ended.size(), kAgents);
  for (const auto& [link, has_ended] : ended) EXPECT_TRUE(has_ended);
  for (const auto& link : links) link->Send(Ack(1));  // into the void
}

}  // namespace
}  // namespace squall
