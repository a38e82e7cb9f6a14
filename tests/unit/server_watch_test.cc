#include "agent/server_watch.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/mutex.h"
#include "tests/unit/raw_client.h"

namespace squall {
namespace {

// What a server says, and how often it was asked. Outlives the question.
class Server {
 public:
  void Says(absl::StatusOr<std::string> words) {
    MutexLock lock(mutex_);
    words_ = std::move(words);
    silent_ = false;
    changed_.NotifyAll();
  }
  // Until it says something, or is not asked any more.
  void Falls(bool silent) {
    MutexLock lock(mutex_);
    silent_ = silent;
  }
  int asked() const { return asked_.load(); }

  absl::StatusOr<ServerWatch::Answer> Answer() {
    ++asked_;
    const Nanos asked = SteadyNow();
    MutexLock lock(mutex_);
    while (silent_ && !stopped_) changed_.Wait(mutex_);
    if (stopped_) return absl::CancelledError("stopped");
    if (!words_.ok()) return words_.status();
    return ServerWatch::Answer{*words_, asked, SteadyNow()};
  }
  void Stop() {
    MutexLock lock(mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }

 private:
  std::atomic<int> asked_{0};
  Mutex mutex_;
  CondVar changed_;
  bool silent_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::StatusOr<std::string> words_ ABSL_GUARDED_BY(mutex_) = absl::UnavailableError("nothing");
};

class FakeQuestion final : public ServerWatch::Question {
 public:
  explicit FakeQuestion(Server& server) : server_(server) {}
  absl::StatusOr<ServerWatch::Answer> Ask() override { return server_.Answer(); }
  void Stop() override { server_.Stop(); }

 private:
  Server& server_;
};

std::string PeakOf(int peak) { return fmt::format(R"({{"peak_in_flight": {}}})", peak); }

std::unique_ptr<ServerWatch> Watch(Server& server, bool target) {
  return std::make_unique<ServerWatch>(std::make_unique<FakeQuestion>(server), target);
}

void BeginNow(ServerWatch& watch) { watch.Begin(SteadyNow(), SteadyNow()); }

TEST(ServerWatchTest, ATargetIsNotAskedBeforeItIsFound) {
  Server server;
  server.Says(PeakOf(7));
  const auto watch = Watch(server, true);
  watch->AskAtEnd();
  BeginNow(*watch);
  watch->AskAtEnd();
  EXPECT_EQ(server.asked(), 0);
  EXPECT_FALSE(watch->Take());
  watch->Found();
  ASSERT_TRUE(Eventually([&] { return server.asked() == 1; }));
  std::optional<v1::ServerCounts> told;
  ASSERT_TRUE(Eventually([&] { return (told = watch->Take()).has_value(); }));
  EXPECT_TRUE(told->target());
  EXPECT_EQ(told->peak(), 7u);
  EXPECT_FALSE(watch->Take()) << "it has been told";
  server.Says(PeakOf(9));
  watch->AskAtEnd();
  EXPECT_EQ(server.asked(), 2);
  told = watch->Take();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->peak(), 9u);
}

TEST(ServerWatchTest, WhereThePlanSaysItIsAskedFromTheStartOnAndAgain) {
  Server server;
  server.Says(PeakOf(7));
  const auto watch = Watch(server, false);
  const Nanos start = SteadyNow() + 50 * kMillisecond;
  watch->Begin(start, start);
  ASSERT_TRUE(Eventually([&] { return server.asked() == 1; }));
  EXPECT_GE(SteadyNow(), start);
  ASSERT_TRUE(Eventually([&] { return server.asked() == 2; }));
  EXPECT_GE(SteadyNow(), start + kSecond);
}

TEST(ServerWatchTest, ATargetThatTellsNothingIsGivenUp) {
  Server server;
  server.Says(std::string("<html>"));
  const auto watch = Watch(server, true);
  BeginNow(*watch);
  watch->Found();
  ASSERT_TRUE(Eventually([&] { return server.asked() == 1; }));
  watch->AskAtEnd();
  watch->AskAtEnd();
  EXPECT_LE(server.asked(), 2);  // the second was wanted before the first was understood
  const int asked = server.asked();
  server.Says(PeakOf(7));
  watch->AskAtEnd();
  EXPECT_EQ(server.asked(), asked);
  EXPECT_FALSE(watch->Take());
}

TEST(ServerWatchTest, WhoWasNamedIsAskedOnAndWhyItFailedIsTold) {
  Server server;
  const auto watch = Watch(server, false);
  BeginNow(*watch);
  watch->AskAtEnd();
  std::optional<v1::ServerCounts> told = watch->Take();
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->target());
  EXPECT_EQ(told->failure(), "nothing");
  server.Says(PeakOf(7));
  watch->AskAtEnd();
  told = watch->Take();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->failure(), "");
  EXPECT_EQ(told->peak(), 7u);
}

TEST(ServerWatchTest, NobodyWaitsLongForASilentServer) {
  Server server;
  server.Falls(true);
  const Nanos begin = SteadyNow();
  {
    const auto watch = Watch(server, false);
    BeginNow(*watch);
    ASSERT_TRUE(Eventually([&] { return server.asked() == 1; }));
    watch->AskAtEnd();
    EXPECT_GE(SteadyNow(), begin + kSecond / 2);
    EXPECT_FALSE(watch->Take());
  }
  EXPECT_LT(SteadyNow(), begin + 10 * kSecond);  // its end has stopped the question
  EXPECT_EQ(server.asked(), 1);
}

// What is under way was asked before the end.
TEST(ServerWatchTest, TheLastQuestionIsAskedAtTheEnd) {
  Server server;
  server.Falls(true);
  const auto watch = Watch(server, false);
  BeginNow(*watch);
  ASSERT_TRUE(Eventually([&] { return server.asked() == 1; }));
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    server.Says(PeakOf(3));
  });
  watch->AskAtEnd();
  later.join();
  EXPECT_EQ(server.asked(), 2);
}

}  // namespace
}  // namespace squall
