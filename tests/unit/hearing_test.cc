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

#include "common/clock.h"
#include "common/mailbox.h"
#include "controller/fleet.h"
#include "controller/muster.h"
#include "controller/pauses.h"

namespace squall {
namespace {

constexpr size_t kFew = 3;
constexpr size_t kMany = 1000;

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

void SleepUntil(Nanos time) {
  while (SteadyNow() < time) std::this_thread::yield();
}

FleetEvent From(uint64_t agent) { return {agent, AgentDrained{}}; }

class HearingTest : public testing::Test {
 protected:
  // Hears once, until at most `deadline`; whom, in this order.
  std::vector<uint64_t> Hear(Hearing& hearing, size_t agents, Nanos deadline) {
    std::vector<uint64_t> heard;
    hearing.Hear(deadline, agents, [&](CoordinatorEvent& event) {
      heard.push_back(std::get<FleetEvent>(event).link);
    });
    return heard;
  }

  Mailbox<CoordinatorEvent> mailbox_;
};

TEST_F(HearingTest, EndsAtTheDeadlineIfNobodySaysAnything) {
  for (const size_t agents : {kFew, kMany}) {
    ScriptedServer server([](Nanos deadline) {
      SleepUntil(deadline);
      return false;
    });
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
    if (begun.size() == 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    mailbox_.Push(From(begun.size()));
    ended.push_back(SteadyNow());
    return true;
  });
  Hearing hearing(mailbox_, &server);
  while (begun.size() < 4) Hear(hearing, kMany, SteadyNow() + kSecond);
  EXPECT_GE(begun[3] - ended[2], Pauses::kPause);
}
#endif

// It would be late for whatever is due then. A machine may be slow, but not each time.
TEST_F(HearingTest, PausesNoLongerThanTheDeadlineSays) {
  ScriptedServer server([](Nanos) { return false; });
  Hearing hearing(mailbox_, &server);
  Nanos quickest = kSecond;
  for (int turn = 0; turn < 200; ++turn) {
    const Nanos before = SteadyNow();
    Hear(hearing, kMany, before);
    quickest = std::min(quickest, SteadyNow() - before);
  }
  EXPECT_LT(quickest, Pauses::kPause);
  const Nanos before = SteadyNow();
  Hear(hearing, kMany, before + kSecond);
  EXPECT_GE(SteadyNow() - before, Pauses::kPause);
}

TEST_F(HearingTest, HearsWhatOthersPutInBeforeAPause) {
  ScriptedServer server([](Nanos) { return false; });
  Hearing hearing(mailbox_, &server);
  Hear(hearing, kMany, SteadyNow() + kSecond);
  mailbox_.Push(From(7));
  EXPECT_EQ(Hear(hearing, kMany, SteadyNow() + kSecond), (std::vector<uint64_t>{7}));
}

TEST_F(HearingTest, WithoutAServerTheMailboxIsAll) {
  for (const size_t agents : {kFew, kMany}) {
    Hearing hearing(mailbox_, nullptr);
    mailbox_.Push(From(1));
    mailbox_.Push(From(2));
    EXPECT_EQ(Hear(hearing, agents, SteadyNow() + kSecond), (std::vector<uint64_t>{1, 2}));
  }
}

}  // namespace
}  // namespace squall
