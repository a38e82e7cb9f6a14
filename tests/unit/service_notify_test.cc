// What an agent tells the manager that started it, over a real socket.

#include "agent/service_notify.h"

#include <map>

#include <gtest/gtest.h>

#include "agent/service_pulse.h"
#include "tests/support/fake_manager.h"
#include "tests/unit/session_support.h"

namespace squall {
namespace {

using testing::FakeManager;

constexpr int kPid = 4711;

Environment Of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? "" : found->second;
  };
}

TEST(ServiceNotifyTest, WhatIsSaid) {
  for (const bool abstract : {false, true}) {
    FakeManager manager(abstract);
    const ServiceNotify notify(Of({{"NOTIFY_SOCKET", manager.name()}}), kPid);
    ASSERT_TRUE(notify.connected()) << manager.name();
    notify.Ready("free");
    EXPECT_EQ(manager.Hear(), "READY=1\nSTATUS=free");
    notify.Alive("ann runs it");
    EXPECT_EQ(manager.Hear(), "WATCHDOG=1\nSTATUS=ann runs it");
    notify.Stopping();
    EXPECT_EQ(manager.Hear(), "STOPPING=1\nSTATUS=stopping");
  }
}

TEST(ServiceNotifyTest, NobodyToTalkTo) {
  struct Case {
    const char* name;
    std::string socket;
  };
  const Case kCases[] = {
      {"no variable", ""},        {"no such socket", "/nonexistent/notify"},
      {"not a path", "notify"},   {"another kind of socket", "vsock:2:1234"},
      {"a name of nothing", "@"}, {"too long", "/" + std::string(200, 'x')},
  };
  for (const Case& test : kCases) {
    const ServiceNotify notify(Of({{"NOTIFY_SOCKET", test.socket}, {"WATCHDOG_USEC", "1000000"}}),
                               kPid);
    EXPECT_FALSE(notify.connected()) << test.name;
    EXPECT_EQ(notify.patience(), kForever) << test.name;
    notify.Ready("goes nowhere");
  }
}

TEST(ServiceNotifyTest, Patience) {
  struct Case {
    const char* name;
    std::string micros;
    std::string pid;
    Nanos patience;
  };
  const Case kCases[] = {
      {"of this process", "60000000", "4711", 60 * kSecond},
      {"of whichever", "500000", "", kSecond / 2},
      {"of another process", "60000000", "4712", kForever},
      {"none", "", "4711", kForever},
      {"zero", "0", "", kForever},
      {"not a number", "soon", "", kForever},
      {"more than there is", "18446744073709551615", "", kForever},
  };
  FakeManager manager;
  for (const Case& test : kCases) {
    const ServiceNotify notify(Of({{"NOTIFY_SOCKET", manager.name()},
                                   {"WATCHDOG_USEC", test.micros},
                                   {"WATCHDOG_PID", test.pid}}),
                               kPid);
    EXPECT_EQ(notify.patience(), test.patience) << test.name;
  }
}

// With a manager that waits for 200 ms.
class ServicePulseTest : public SessionTest {
 protected:
  ServicePulseTest()
      : notify_(Of({{"NOTIFY_SOCKET", manager_.name()}, {"WATCHDOG_USEC", "200000"}}), kPid) {}

  std::function<void(LinkEvent)> Post() {
    return [this](LinkEvent event) { session_.Post(std::move(event)); };
  }

  FakeManager manager_;
  const ServiceNotify notify_;
};

TEST_F(ServicePulseTest, AgainAndAgainUntilItsEnd) {
  {
    const ServicePulse pulse(notify_, "free, listening", Post());
    EXPECT_EQ(manager_.Hear(), "READY=1\nSTATUS=free, listening");
    const Nanos begin = SteadyNow();
    for (int i = 0; i < 4; ++i) EXPECT_EQ(manager_.Hear(), "WATCHDOG=1\nSTATUS=free, listening");
    EXPECT_GT(SteadyNow() - begin, 150 * kMillisecond) << "four quarters of its patience";
    QuitAndJoin();
  }
  std::string last = manager_.Hear();
  while (last.starts_with("WATCHDOG=1")) last = manager_.Hear();
  EXPECT_EQ(last, "STOPPING=1\nSTATUS=stopping");
}

TEST_F(ServicePulseTest, ItSaysWhoHasTheAgent) {
  const ServicePulse pulse(notify_, "free", Post());
  testing::FakeController controller(session_);
  controller.Say(testing::HelloMessage());
  controller.Hear(Kind::kWelcome);
  const Nanos deadline = SteadyNow() + 20 * kSecond;
  std::string heard;
  while (heard.find("ann@lab (process 1) runs it since") == std::string::npos) {
    ASSERT_LT(SteadyNow(), deadline) << heard;
    heard = manager_.Hear();
  }
  EXPECT_TRUE(heard.starts_with("WATCHDOG=1\nSTATUS=")) << heard;
  controller.Say(testing::DismissMessage());
  while (heard.find("free") == std::string::npos) {
    ASSERT_LT(SteadyNow(), deadline) << heard;
    heard = manager_.Hear();
  }
  QuitAndJoin();
}

TEST_F(ServicePulseTest, ASessionThatHangsIsSilent) {
  const ServicePulse pulse(notify_, "free", Post());
  EXPECT_EQ(manager_.Hear(), "READY=1\nSTATUS=free");
  EXPECT_TRUE(manager_.Hear().starts_with("WATCHDOG=1"));
  // Its thread comes to something that does not end.
  Mutex mutex;
  CondVar changed;
  bool hangs = false;
  bool goes_on = false;
  session_.Post(LifeSign{[&](const std::string&) {
    MutexLock lock(mutex);
    hangs = true;
    changed.NotifyAll();
    while (!goes_on) changed.Wait(mutex);
  }});
  {
    MutexLock lock(mutex);
    while (!hangs) changed.Wait(mutex);
  }
  while (!manager_.HearWithin(0).empty()) {
  }
  EXPECT_EQ(manager_.HearWithin(kSecond / 2), "") << "more than the manager's patience";
  {
    MutexLock lock(mutex);
    goes_on = true;
    changed.NotifyAll();
  }
  EXPECT_TRUE(manager_.Hear().starts_with("WATCHDOG=1")) << "it has come to itself";
  int at_once = 0;
  while (!manager_.HearWithin(10 * kMillisecond).empty()) ++at_once;
  EXPECT_LT(at_once, 6) << "it was asked no more while it hung";
  QuitAndJoin();
}

}  // namespace
}  // namespace squall
