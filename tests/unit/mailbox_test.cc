#include "common/mailbox.h"

#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace squall {
namespace {

TEST(MailboxTest, FirstInFirstOut) {
  Mailbox<int> mailbox;
  for (int i = 0; i < 5; ++i) mailbox.Push(i);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(mailbox.PopUntil(kForever), i);
}

TEST(MailboxTest, AllAreTakenAtOnce) {
  Mailbox<int> mailbox;
  for (int i = 0; i < 3; ++i) mailbox.Push(i);
  EXPECT_THAT(mailbox.TakeUntil(kForever), testing::ElementsAre(0, 1, 2));
  EXPECT_THAT(mailbox.TakeUntil(0), testing::IsEmpty());
}

TEST(MailboxTest, AWaitingMessageComesAlsoAfterTheDeadline) {
  Mailbox<int> mailbox;
  mailbox.Push(7);
  EXPECT_EQ(mailbox.PopUntil(0), 7);
  EXPECT_EQ(mailbox.PopUntil(0), std::nullopt);
}

TEST(MailboxTest, WaitsUntilTheDeadlineAndNotLess) {
  Mailbox<int> mailbox;
  const Nanos deadline = SteadyNow() + 5 * kMillisecond;
  EXPECT_EQ(mailbox.PopUntil(deadline), std::nullopt);
  EXPECT_GE(SteadyNow(), deadline);
}

TEST(MailboxTest, MessagesNeedNotBeCopyable) {
  Mailbox<std::unique_ptr<int>> mailbox;
  mailbox.Push(std::make_unique<int>(3));
  EXPECT_EQ(**mailbox.PopUntil(kForever), 3);
}

TEST(MailboxTest, AnOwnerThatWaitsElsewhereIsWoken) {
  Mailbox<int> mailbox;
  EXPECT_TRUE(mailbox.empty());
  int woken = 0;
  mailbox.WakeBy([&woken] { ++woken; });
  mailbox.Push(1);
  mailbox.Push(2);
  EXPECT_EQ(woken, 2);
  EXPECT_FALSE(mailbox.empty());
  mailbox.WakeBy(nullptr);
  mailbox.Push(3);
  EXPECT_EQ(woken, 2);
  EXPECT_THAT(mailbox.TakeUntil(0), testing::ElementsAre(1, 2, 3));
}

TEST(MailboxTest, AMessageEndsTheWait) {
  for (const Nanos wait : {kForever, SteadyNow() + 3600 * kSecond}) {
    Mailbox<int> requests;
    Mailbox<int> answers;
    std::thread echo([&] { answers.Push(*requests.PopUntil(wait)); });
    requests.Push(9);
    EXPECT_EQ(answers.PopUntil(wait), 9);
    echo.join();
  }
}

TEST(MailboxTest, ManyThreadsLoseNothingAndKeepTheirOrder) {
  constexpr size_t kThreads = 4;
  constexpr int kMessages = 5000;
  Mailbox<std::pair<size_t, int>> mailbox;
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&mailbox, thread] {
      for (int i = 0; i < kMessages; ++i) mailbox.Push({thread, i});
    });
  }
  std::vector<int> next(kThreads, 0);
  for (size_t i = 0; i < kThreads * kMessages; ++i) {
    const auto message = mailbox.PopUntil(SteadyNow() + 30 * kSecond);
    if (!message) {
      ADD_FAILURE() << "lost after " << i;
      break;
    }
    EXPECT_EQ(message->second, next[message->first]++);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(mailbox.PopUntil(0), std::nullopt);
}

}  // namespace
}  // namespace squall
