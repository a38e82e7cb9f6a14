// What the agent's session does when a controller asks for more than its owner lets it do.

#include <string>

#include <gmock/gmock.h>

#include "target/server.h"
#include "tests/unit/session_support.h"
#include "tests/unit/target_support.h"

namespace squall {
namespace {

using target::StartServer;
using testing::AckMessage;
using testing::DataMessage;
using testing::FakeController;
using testing::GrantMessage;
using ::testing::HasSubstr;
using testing::HelloMessage;
using testing::PrepareMessage;
using testing::StartMessage;

Policy OwnersPolicy() {
  Policy::Rules rules;
  rules.deny.push_back(ParseTargetRule("10.0.0.0/8").value());
  rules.deny.back().where = "a.yaml:7";
  Policy::Limits limits;
  limits.connections = {4, "a.yaml:8"};
  limits.duration_ns = {static_cast<uint64_t>(2 * kSecond), "a.yaml:9"};
  limits.bytes_per_second = {1'000'000, "a.yaml:10"};
  return Policy(std::move(rules), limits);
}

class SessionPolicy : public SessionTest {
 protected:
  SessionPolicy()
      : SessionTest(Session::Config{.name = "lon-2", .threads = 2, .policy = OwnersPolicy()}) {}

  void ExpectRefused(FakeController& controller, const std::string& reason) {
    v1::AgentMessage message;
    do {
      message = controller.Hear();
    } while (message.has_snapshot() || message.has_ready() || message.has_welcome());
    EXPECT_EQ(message.failed().code(), v1::Failed::CODE_POLICY) << message.ShortDebugString();
    EXPECT_THAT(message.failed().message(), HasSubstr(reason));
    controller.Hear(Kind::KIND_NOT_SET);
    ExpectFree();
  }
};

TEST_F(SessionPolicy, APlanThatLeadsElsewhere) {
  FakeController controller(session_);
  controller.Say(HelloMessage());
  controller.Say(PrepareMessage(Share("http://10.0.0.8/", 2)));
  ExpectRefused(controller,
                "agent lon-2 does not send to 10.0.0.8:80: deny_targets 10.0.0.0/8 (a.yaml:7)");
}

TEST_F(SessionPolicy, AListThatLeadsElsewhere) {
  const std::string list = "http://127.0.0.1:1/a\nhttp://10.0.0.8/b\n";
  FakeController controller(session_);
  controller.Say(HelloMessage());
  controller.Say(PrepareMessage(ListShare(list, 2)));
  controller.Hear(Kind::kWelcome);
  controller.Hear(Kind::kListWanted);
  controller.Say(DataMessage(list));
  ExpectRefused(controller, "agent lon-2 does not send to 10.0.0.8:80: ");
}

TEST_F(SessionPolicy, MoreConnectionsThanItMayHave) {
  FakeController controller(session_);
  controller.Say(HelloMessage());
  EXPECT_EQ(controller.Hear(Kind::kWelcome).welcome().host().file_limit(), 4 + kOtherFiles)
      << "no controller gives it more by mistake";
  controller.Say(PrepareMessage(Share("http://127.0.0.1:1/", 5)));
  ExpectRefused(controller, "agent lon-2 makes at most 4 connections");
}

TEST_F(SessionPolicy, MoreConnectionsInMidRun) {
  const auto server = StartServer();
  FakeController controller(session_);
  MakeReady(controller, Share(server->url() + "/", 4));
  v1::ControllerMessage resize;
  resize.mutable_resize()->set_concurrency(5);
  controller.Say(resize);
  ExpectRefused(controller, "agent lon-2 makes at most 4 connections");
}

TEST_F(SessionPolicy, ARunWithoutAnEnd) {
  const auto server = StartServer({.delay = absl::Seconds(120)});
  FakeController controller(session_);
  const Nanos start = SteadyNow();
  MakeReady(controller, Share(server->url() + "/", 2));
  controller.Say(GrantMessage({{0, 1, 1'000}}));
  controller.Say(StartMessage());
  ExpectRefused(controller, "agent lon-2 works 2s on a run at most");
  EXPECT_GE(SteadyNow() - start, 2 * kSecond);
}

TEST_F(SessionPolicy, MoreBytesThanItMayMove) {
  const auto server = StartServer({.body_bytes = 100'000});
  FakeController controller(session_);
  MakeReady(controller, Share(server->url() + "/", 2));
  controller.Say(GrantMessage({{0, 1, 1'000'000}}));
  controller.Say(StartMessage());
  ExpectRefused(controller, "agent lon-2 moves at most 1000000 bytes per second");
}

}  // namespace
}  // namespace squall
