// Runs that outlive their streams, and leases.

#include <chrono>

#include <gmock/gmock.h>

#include "agent/session.h"
#include "common/metrics.h"
#include "target/server.h"
#include "tests/unit/session_support.h"
#include "tests/unit/target_support.h"

namespace squall {
namespace {

using target::StartServer;
using testing::AckMessage;
using testing::FakeController;
using testing::GrantMessage;
using testing::HelloMessage;
using testing::StartMessage;
using testing::StopMessage;

void Sleep(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

class SessionResume : public SessionTest {
 protected:
  // A tenth of the usual times.
  static v1::Prepare Brief(const std::string& url, uint32_t concurrency) {
    v1::Prepare prepare = Share(url, concurrency);
    prepare.set_lease_ns(kSecond / 2);
    prepare.set_grace_ns(kSecond);
    prepare.set_snapshot_interval_ns(kSecond / 10);
    return prepare;
  }

  // Until Done; acknowledges everything. The numbers held, and the sequence of each snapshot.
  struct Heard {
    uint64_t recorded = 0;
    std::vector<uint64_t> sequences;
  };
  static Heard HearToDone(FakeController& controller) {
    Heard heard;
    while (true) {
      const v1::AgentMessage message = controller.Hear();
      if (!message.has_snapshot()) {
        EXPECT_TRUE(message.has_done()) << message.ShortDebugString();
        return heard;
      }
      heard.sequences.push_back(message.snapshot().sequence());
      heard.recorded += message.snapshot().metrics().succeeded();
      controller.Say(AckMessage(message.snapshot().sequence()));
    }
  }
};

TEST_F(SessionResume, ItGoesOnWithoutAStreamAndLosesNothing) {
  const auto server = StartServer({.delay = absl::Milliseconds(2)});
  FakeController first(session_);
  MakeReady(first, Brief(server->url() + "/", 2));
  first.Say(GrantMessage({{0, 1, 1'000'000}}));
  first.Say(StartMessage());
  const uint64_t acknowledged = first.Hear(Kind::kSnapshot).snapshot().metrics().succeeded();
  first.Say(AckMessage(1));
  first.Hear(Kind::kSnapshot);  // which is not acknowledged
  first.Close();
  const uint64_t before = server->counts().requests;
  Sleep(200);
  EXPECT_GT(server->counts().requests, before + 10) << "it stands still";

  FakeController second(session_);
  second.Say(HelloMessage());
  const v1::Resume resume = second.Hear(Kind::kResume).resume();
  EXPECT_EQ(resume.commands(), 2u);
  EXPECT_FALSE(resume.instance().empty());
  // Said before, and again: it is carried out once.
  v1::ControllerMessage again = GrantMessage({{0, 1, 1'000'000}});
  again.set_command(1);
  second.Say(again);
  v1::ControllerMessage stop = StopMessage(20 * kSecond);
  stop.set_command(3);
  second.Say(stop);
  const Heard heard = HearToDone(second);
  ASSERT_FALSE(heard.sequences.empty());
  EXPECT_EQ(heard.sequences[0], 2u);
  for (size_t i = 1; i < heard.sequences.size(); ++i) {
    EXPECT_EQ(heard.sequences[i], heard.sequences[i - 1] + 1);
  }
  EXPECT_EQ(acknowledged + heard.recorded, server->counts().requests);
  ExpectFree();
}

TEST_F(SessionResume, WithoutAcknowledgementItPausesAndThenGivesUp) {
  const auto server = StartServer({.delay = absl::Milliseconds(2)});
  FakeController controller(session_);
  MakeReady(controller, Brief(server->url() + "/", 2));
  controller.Say(GrantMessage({{0, 1, 1'000'000}}));
  const Nanos start = SteadyNow();
  controller.Say(StartMessage());
  Sleep(400);
  EXPECT_GT(server->counts().requests, 50u);
  Sleep(200);
  const uint64_t paused = server->counts().requests;
  Sleep(200);
  EXPECT_EQ(server->counts().requests, paused) << "it sends on a lease that is over";
  while (true) {
    const v1::AgentMessage message = controller.Hear();
    if (message.has_snapshot()) continue;
    EXPECT_TRUE(message.has_failed()) << message.ShortDebugString();
    EXPECT_THAT(message.failed().message(), ::testing::HasSubstr("no word"));
    break;
  }
  EXPECT_GE(controller.heard_at() - start, kSecond);
  EXPECT_LT(controller.heard_at() - start, 2 * kSecond);
  ExpectFree();
}

TEST_F(SessionResume, ALateAcknowledgementLetsItGoOn) {
  const auto server = StartServer({.delay = absl::Milliseconds(2)});
  FakeController first(session_);
  MakeReady(first, Brief(server->url() + "/", 2));
  first.Say(GrantMessage({{0, 1, 1'000'000}}));
  first.Say(StartMessage());
  Sleep(700);
  const uint64_t paused = server->counts().requests;
  first.Close();
  FakeController second(session_);
  second.Say(HelloMessage());
  second.Hear(Kind::kResume);
  // What was sent long ago is no reason to go on; what is sent now is.
  uint64_t last = 0;
  for (Nanos asked = SteadyNow(); SteadyNow() < asked + 50 * kMillisecond;) {
    last = second.Hear(Kind::kSnapshot).snapshot().sequence();
    if (last <= 2) continue;
    second.Say(AckMessage(last));
  }
  Sleep(100);
  EXPECT_GT(server->counts().requests, paused + 10);
  second.Say(testing::DismissMessage());
}

TEST_F(SessionResume, ANewStreamOfTheSameRunTakesTheOldOnesPlace) {
  const auto server = StartServer();
  FakeController first(session_);
  MakeReady(first, Brief(server->url() + "/", 2));
  first.Say(GrantMessage({{0, 1, 10}}));
  first.Say(StartMessage());
  while (server->counts().requests < 10) Sleep(1);
  FakeController second(session_);
  second.Say(HelloMessage());
  second.Hear(Kind::kResume);
  first.Say(StopMessage(0));
  // It has heard snapshots, perhaps, and then that its stream is over.
  while (first.Hear().kind_case() == Kind::kSnapshot) {
  }
  v1::ControllerMessage stop = StopMessage(0);
  stop.set_command(3);
  second.Say(stop);
  EXPECT_EQ(HearToDone(second).recorded, 10u);
  ExpectFree();
}

TEST_F(SessionResume, AFinishedRunWaitsUntilEverythingHasArrived) {
  const auto server = StartServer();
  FakeController first(session_);
  MakeReady(first, Brief(server->url() + "/", 2));
  first.Say(GrantMessage({{0, 1, 100}}));
  first.Say(StartMessage());
  first.Say(StopMessage(20 * kSecond));
  Sleep(100);
  first.Close();
  FakeController second(session_);
  second.Say(HelloMessage());
  EXPECT_EQ(second.Hear(Kind::kResume).resume().commands(), 3u);
  EXPECT_EQ(HearToDone(second).recorded, server->counts().requests);
  ExpectFree();
}

TEST_F(SessionResume, AnotherRunIsNotResumed) {
  const auto server = StartServer();
  FakeController first(session_);
  MakeReady(first, Brief(server->url() + "/", 2));
  first.Say(GrantMessage({{0, 1, 1'000'000}}));
  first.Say(StartMessage());
  FakeController other(session_);
  other.Say(HelloMessage("bob@lab (process 2)", kProtocolVersion, "another-run"));
  EXPECT_EQ(other.Hear(Kind::kFailed).failed().code(), v1::Failed::CODE_BUSY);
  first.Say(testing::DismissMessage());
}

TEST_F(SessionResume, ACheckTakesNobody) {
  FakeController check(session_);
  v1::ControllerMessage hello = HelloMessage();
  hello.mutable_hello()->set_check(true);
  check.Say(hello);
  EXPECT_EQ(check.Hear(Kind::kWelcome).welcome().busy(), "");
  v1::ControllerMessage ping;
  ping.mutable_ping()->set_id(7);
  ping.mutable_ping()->set_reply_bytes(1'000);
  check.Say(ping);
  const v1::Pong pong = check.Hear(Kind::kPong).pong();
  EXPECT_EQ(pong.id(), 7u);
  EXPECT_EQ(pong.padding().size(), 1'000u);
  EXPECT_LE(pong.received_ns(), pong.sent_ns());

  FakeController run(session_);
  MakeReady(run, Share("http://127.0.0.1:1/", 1));
  FakeController second(session_);
  second.Say(hello);
  EXPECT_THAT(second.Hear(Kind::kWelcome).welcome().busy(), ::testing::HasSubstr("ann@lab"));
  run.Say(testing::DismissMessage());
}

}  // namespace
}  // namespace squall
