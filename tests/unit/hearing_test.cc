#include "controller/hearing.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "agent/control_client.h"
#include "common/address.h"
#include "common/clock.h"
#include "common/mailbox.h"
#include "controller/fleet.h"
#include "controller/muster.h"
#include "controller/pauses.h"

namespace squall {
namespace {

constexpr size_t kFew = 3;
constexpr size_t kMany = 1000;
constexpr Nanos kPatience = 20 * kSecond;

// A server whose connections are what the test says: a look by a look.
class ScriptedServer final : public FleetServer {
 public:
  using Script = std::function<bool(Nanos deadline)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {}
  const std::string& address() const override { return address_; }
  std::unique_ptr<Watch> MakeWatch() override { return std::make_unique<ScriptedWatch>(script_); }

 private:
  class ScriptedWatch final : public Watch {
   public:
    explicit ScriptedWatch(const Script& script) : script_(script) {}
    bool Look(Nanos deadline) override { return script_(deadline); }
    void Wake() override {}

   private:
    const Script& script_;
  };

  const Script script_;
  const std::string address_ = "127.0.0.1:1";
};

void SpinUntil(Nanos time) {
  while (SteadyNow() < time) continue;
}

void Sleep(Nanos duration) { std::this_thread::sleep_for(std::chrono::nanoseconds(duration)); }

bool WaitInVain(Nanos deadline) {
  Sleep(deadline - SteadyNow());
  return false;
}

FleetEvent From(uint64_t agent) { return {agent, AgentDrained{}}; }

// Hears once; whom, in this order.
std::vector<uint64_t> Hear(Hearing& hearing, size_t agents, Nanos deadline) {
  std::vector<uint64_t> heard;
  hearing.Hear(deadline, agents, [&heard](CoordinatorEvent& event) {
    heard.push_back(std::get<FleetEvent>(event).link);
  });
  return heard;
}

// How long a turn takes that is not the first, and not held up by the machine.
Nanos Quickest(const std::function<void()>& turn) {
  turn();
  Nanos quickest = kForever;
  for (int i = 0; i < 200; ++i) {
    const Nanos before = SteadyNow();
    turn();
    quickest = std::min(quickest, SteadyNow() - before);
  }
  return quickest;
}

class HearingTest : public testing::Test {
 protected:
  Mailbox<CoordinatorEvent> mailbox_;
};

TEST_F(HearingTest, EndsAtTheDeadlineIfNobodySaysAnything) {
  ScriptedServer server(WaitInVain);
  for (const size_t agents : {kFew, kMany}) {
    Hearing hearing(mailbox_, &server);
    const Nanos deadline = SteadyNow() + 20 * kMillisecond;
    EXPECT_TRUE(Hear(hearing, agents, deadline).empty());
    EXPECT_GE(SteadyNow(), deadline);
  }
}

TEST_F(HearingTest, AnswersEachBeforeTheNextIsRead) {
  for (const size_t agents : {kFew, kMany}) {
    uint64_t read = 0;
    uint64_t answered = 0;
    ScriptedServer server([&](Nanos) {
      EXPECT_EQ(answered, read);
      if (read == 5) return false;
      mailbox_.Push(From(++read));
      return true;
    });
    Hearing hearing(mailbox_, &server);
    for (int turn = 0; turn < 1000 && answered < 5; ++turn) {
      hearing.Hear(SteadyNow() + kSecond, agents, [&](CoordinatorEvent& event) {
        EXPECT_EQ(std::get<FleetEvent>(event).link, ++answered);
      });
    }
    EXPECT_EQ(answered, 5u);
  }
}

#ifdef __linux__  // elsewhere the system does not tell who has waited
TEST_F(HearingTest, PausesBehindALookThatHadToWait) {
  std::vector<Nanos> begun;
  std::vector<Nanos> ended;
  ScriptedServer server([&](Nanos) {
    begun.push_back(SteadyNow());
    if (begun.size() == 3) Sleep(kMillisecond);
    mailbox_.Push(From(begun.size()));
    ended.push_back(SteadyNow());
    return true;
  });
  Hearing hearing(mailbox_, &server);
  while (begun.size() < 4) Hear(hearing, kMany, SteadyNow() + kSecond);
  EXPECT_GE(begun[3] - ended[2], Pauses::kPause);
}
#endif

// However long it took, and whatever was waited for in between.
TEST_F(HearingTest, DoesNotPauseBehindALookThatFoundSomethingAtOnce) {
  Nanos ended = 0;
  int apart = 0;  // looks with the time of a pause between them
  ScriptedServer server([&](Nanos) {
    if (ended != 0 && SteadyNow() - ended >= Pauses::kPause) ++apart;
    SpinUntil(SteadyNow() + kMillisecond);
    mailbox_.Push(From(1));
    ended = SteadyNow();
    return true;
  });
  Hearing hearing(mailbox_, &server);
  int heard = 0;
  while (heard < 100) {
    hearing.Hear(SteadyNow() + kSecond, kMany, [&heard](CoordinatorEvent&) {
      Sleep(kMillisecond / 2);
      ++heard;
    });
  }
  EXPECT_LT(apart, 50);
}

TEST_F(HearingTest, PausesNoLongerThanTheDeadlineSays) {
  ScriptedServer server([](Nanos) { return false; });
  Hearing hearing(mailbox_, &server);
  EXPECT_LT(Quickest([&] { Hear(hearing, kMany, SteadyNow()); }), Pauses::kPause);
  EXPECT_GE(Quickest([&] { Hear(hearing, kMany, SteadyNow() + kSecond); }), Pauses::kPause);
}

TEST_F(HearingTest, StaysAwakeForWhatIsTimed) {
  ScriptedServer server([](Nanos) { return false; });
  Hearing hearing(mailbox_, &server);
  hearing.StayAwakeUntil(SteadyNow() + kPatience);
  EXPECT_LT(Quickest([&] { Hear(hearing, kMany, SteadyNow() + kSecond); }), Pauses::kPause);
}

TEST_F(HearingTest, DoesNotPauseBeforeWhatOthersPutIn) {
  ScriptedServer server([](Nanos) { return false; });
  Hearing hearing(mailbox_, &server);
  const auto turn = [&] {
    mailbox_.Push(From(7));
    EXPECT_EQ(Hear(hearing, kMany, SteadyNow() + kSecond), (std::vector<uint64_t>{7}));
  };
  EXPECT_LT(Quickest(turn), Pauses::kPause);
}

// Nor does it wait for anything else while there is some of it left.
TEST_F(HearingTest, HearsAllThatOthersPutIn) {
  ScriptedServer server(WaitInVain);
  for (const size_t agents : {kFew, kMany}) {
    Hearing hearing(mailbox_, &server);
    for (uint64_t i = 0; i < 500; ++i) mailbox_.Push(From(i));
    const Nanos deadline = SteadyNow() + kPatience;
    size_t heard = 0;
    while (heard < 500) heard += Hear(hearing, agents, deadline).size();
    EXPECT_LT(SteadyNow(), deadline);
  }
}

// gRPC would leave the work to other threads.
TEST_F(HearingTest, AsksForManyWithADeadlineThatIsNotOver) {
  Nanos longest = 0;
  ScriptedServer server([&longest](Nanos deadline) {
    longest = std::max(longest, deadline - SteadyNow());
    return false;
  });
  Hearing hearing(mailbox_, &server);
  for (int turn = 0; turn < 200; ++turn) Hear(hearing, kMany, SteadyNow());
  EXPECT_GT(longest, kMillisecond);
}

TEST_F(HearingTest, WithoutAServerTheMailboxIsAll) {
  for (const size_t agents : {kFew, kMany}) {
    Hearing hearing(mailbox_, nullptr);
    mailbox_.Push(From(1));
    mailbox_.Push(From(2));
    EXPECT_EQ(Hear(hearing, agents, SteadyNow() + kSecond), (std::vector<uint64_t>{1, 2}));
  }
}

TEST_F(HearingTest, HearsManyOverRealConnections) {
  constexpr uint64_t kPongs = 300;
  auto server = FleetServer::Listen(*ParseListenAddress("127.0.0.1:0"), nullptr,
                                    [this](FleetEvent event) { mailbox_.Push(std::move(event)); });
  ASSERT_TRUE(server.ok()) << server.status();
  Mailbox<LinkEvent> to_agent;
  ControlClient client(*ParseAddress((*server)->address()), nullptr,
                       [&to_agent](LinkEvent event) { to_agent.Push(std::move(event)); });
  Hearing hearing(mailbox_, server->get());
  std::unique_ptr<AgentLink> link;
  uint64_t heard = 0;
  std::thread agent([&to_agent] {
    const auto first = to_agent.PopUntil(SteadyNow() + kPatience);
    const auto* message = first ? std::get_if<LinkMessage>(&*first) : nullptr;
    ASSERT_NE(message, nullptr);
    for (uint64_t i = 1; i <= kPongs; ++i) {
      v1::AgentMessage pong;
      pong.mutable_pong()->set_id(i);
      message->link->Send(std::move(pong));
      if (i % 10 == 0) Sleep(kMillisecond);
    }
  });
  const Nanos deadline = SteadyNow() + kPatience;
  while (heard < kPongs && SteadyNow() < deadline) {
    hearing.Hear(SteadyNow() + kSecond / 10, kMany, [&](CoordinatorEvent& event) {
      FleetNews& news = std::get<FleetEvent>(event).news;
      if (auto* attached = std::get_if<AgentAttached>(&news)) {
        link = std::move(attached->link);
        v1::ControllerMessage hello;
        hello.mutable_ack();
        link->Send(std::move(hello));
      } else if (const auto* said = std::get_if<AgentSaid>(&news)) {
        EXPECT_EQ(said->message.pong().id(), ++heard);
      }
    });
  }
  agent.join();
  EXPECT_EQ(heard, kPongs);
}

}  // namespace
}  // namespace squall
