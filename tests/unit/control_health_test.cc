// Health checks over gRPC, answered by whatever stands for the session.

#include "agent/control_health.h"

#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "common/mutex.h"
#include "tests/support/health_client.h"

namespace squall {
namespace {

using testing::AskHealth;

constexpr Nanos kPatience = 20 * kSecond;
constexpr Nanos kShort = kSecond / 5;

// A session that is asked and answers when it is told to.
class Asked {
 public:
  std::unique_ptr<HealthServer> Listen() {
    const auto events = [this](LinkEvent event) {
      MutexLock lock(mutex_);
      signs_.push_back(std::get<LifeSign>(std::move(event)));
      changed_.NotifyAll();
    };
    auto server = HealthServer::Listen(*ParseListenAddress("127.0.0.1:0"), events);
    EXPECT_TRUE(server.ok()) << server.status();
    return *std::move(server);
  }

  // The next question, waited for.
  LifeSign Next() {
    MutexLock lock(mutex_);
    while (signs_.empty()) changed_.Wait(mutex_);
    return std::exchange(signs_, {}).front();
  }

  size_t waiting() {
    MutexLock lock(mutex_);
    return signs_.size();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<LifeSign> signs_ ABSL_GUARDED_BY(mutex_);
};

TEST(ControlHealthTest, WhatIsAnswered) {
  Asked session;
  const auto server = session.Listen();
  struct Case {
    const char* name;
    const char* service;
    const char* answer;
  };
  const Case kCases[] = {
      {"the server as a whole", "", "SERVING"},
      {"the service that it has, by name", "squall.v1.Agent", "SERVING"},
      {"another service", "squall.v1.Controller", "NOT_FOUND"},
  };
  for (const Case& test : kCases) {
    std::string answer;
    std::thread asker([&] { answer = AskHealth(server->address(), test.service, kPatience); });
    if (std::string(test.answer) == "SERVING") session.Next().answer("");
    asker.join();
    EXPECT_EQ(answer, test.answer) << test.name;
  }
}

TEST(ControlHealthTest, ASessionThatHangsDoesNotAnswerAndIsAskedOnce) {
  Asked session;
  const auto server = session.Listen();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(AskHealth(server->address(), "", kShort), "DEADLINE_EXCEEDED");
  }
  EXPECT_EQ(session.waiting(), 1u);
  // It comes to itself: those who gave up are answered for nothing, and the next one as ever.
  session.Next().answer("");
  std::thread session_thread([&] { session.Next().answer("somebody runs it"); });
  EXPECT_EQ(AskHealth(server->address(), "", kPatience), "SERVING");
  session_thread.join();
}

TEST(ControlHealthTest, ItsEndWaitsForNobody) {
  Asked session;
  auto server = session.Listen();
  std::string answer;
  std::thread asker([&] { answer = AskHealth(server->address(), "", kPatience); });
  const LifeSign sign = session.Next();
  server.reset();
  asker.join();
  EXPECT_EQ(answer, "UNAVAILABLE");
  sign.answer("");  // nobody hears it
}

TEST(ControlHealthTest, AnAddressThatIsTaken) {
  Asked session;
  const auto server = session.Listen();
  const auto second =
      HealthServer::Listen(*ParseListenAddress(server->address()), [](LinkEvent) {});
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  EXPECT_NE(second.status().message().find(server->address()), absl::string_view::npos);
}

}  // namespace
}  // namespace squall
