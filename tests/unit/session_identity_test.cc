// What certificates allow controllers to say to an agent, and what others are told of them.

#include <gmock/gmock.h>

#include "agent/denials.h"
#include "tests/unit/session_support.h"

namespace squall {
namespace {

using testing::FakeController;
using ::testing::HasSubstr;
using testing::HelloMessage;
using testing::PrepareMessage;
using ::testing::StartsWith;

const PeerIdentity kBoss = {"boss", Role::kRun};
const PeerIdentity kLooker = {"looker", Role::kView};

v1::ControllerMessage CheckMessage() {
  v1::ControllerMessage message = HelloMessage();
  message.mutable_hello()->set_check(true);
  return message;
}

v1::ControllerMessage PingMessage(size_t padding, uint32_t reply_bytes) {
  v1::ControllerMessage message;
  message.mutable_ping()->set_padding(std::string(padding, 'x'));
  message.mutable_ping()->set_reply_bytes(reply_bytes);
  return message;
}

TEST(Denials, WhatEachRoleMaySay) {
  const struct {
    const char* name;
    v1::ControllerMessage message;
    bool view;
  } cases[] = {
      {"a look", CheckMessage(), true},
      {"a ping", PingMessage(0, 0), true},
      {"a ping that loads the way there", PingMessage(1, 0), false},
      {"a ping that loads the way back", PingMessage(0, 1), false},
      {"Hello", HelloMessage(), false},
      {"a plan", PrepareMessage({}), false},
      {"Stop", testing::StopMessage(0), false},
      {"nothing", {}, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(WhyDenied(kBoss, c.message), "") << c.name;
    EXPECT_EQ(WhyDenied({}, c.message), "") << c.name << ": without TLS";
    EXPECT_EQ(WhyDenied(kLooker, c.message).empty(), c.view) << c.name;
    EXPECT_NE(WhyDenied({"lon-1", Role::kAgent}, c.message), "") << c.name;
  }
}

class SessionIdentity : public SessionTest {};

TEST_F(SessionIdentity, AViewerLooksAndNothingElse) {
  FakeController viewer(session_, kLooker);
  viewer.Say(CheckMessage());
  viewer.Hear(Kind::kWelcome);
  viewer.Say(PingMessage(0, 0));
  viewer.Hear(Kind::kPong);
  viewer.Say(HelloMessage());
  const v1::AgentMessage answer = viewer.Hear(Kind::kFailed);
  EXPECT_EQ(answer.failed().code(), v1::Failed::CODE_DENIED);
  EXPECT_THAT(answer.failed().message(), HasSubstr("\"looker\" of role view"));
  viewer.Hear(Kind::KIND_NOT_SET);
  ExpectFree();
}

TEST_F(SessionIdentity, TheBusyAnswerNamesTheCertificate) {
  FakeController boss(session_, kBoss);
  boss.Say(HelloMessage("ann@lab (process 1)"));
  boss.Hear(Kind::kWelcome);
  FakeController next(session_, {"other", Role::kRun});
  next.Say(HelloMessage("bob@lab (process 2)"));
  EXPECT_THAT(next.Hear(Kind::kFailed).failed().message(),
              StartsWith("busy: boss [ann@lab (process 1)] runs it since"));
  FakeController viewer(session_, kLooker);
  viewer.Say(CheckMessage());
  EXPECT_THAT(viewer.Hear(Kind::kWelcome).welcome().busy(),
              StartsWith("boss [ann@lab (process 1)] runs it since"));
}

// A run's id is no secret: what goes on with it must be who began it.
TEST_F(SessionIdentity, NobodyElseTakesARunOver) {
  FakeController boss(session_, kBoss);
  MakeReady(boss, Share("http://127.0.0.1:1/", 1));
  boss.Say(testing::StartMessage());
  boss.Close();
  FakeController thief(session_, {"thief", Role::kRun});
  thief.Say(HelloMessage());
  EXPECT_EQ(thief.Hear(Kind::kFailed).failed().code(), v1::Failed::CODE_BUSY);
  FakeController again(session_, kBoss);
  again.Say(HelloMessage());
  again.Hear(Kind::kResume);
}

TEST(SessionWelcome, SaysThatItObeysAnybody) {
  for (const bool obeys : {false, true}) {
    Session session({.name = "x", .threads = 1, .obeys_anybody = obeys});
    std::thread thread([&session] { session.Run(); });
    FakeController controller(session);
    controller.Say(CheckMessage());
    EXPECT_EQ(controller.Hear(v1::AgentMessage::kWelcome).welcome().obeys_anybody(), obeys);
    session.Quit();
    thread.join();
  }
}

}  // namespace
}  // namespace squall
