#include "common/write_queue.h"

#include <gtest/gtest.h>

namespace squall {
namespace {

using Queue = WriteQueue<int>;

TEST(WriteQueue, HandsOutOneMessageAtATimeInOrder) {
  Queue queue;
  Queue::Next next = queue.Push(1);
  ASSERT_NE(next.message, nullptr);
  EXPECT_EQ(*next.message, 1);
  EXPECT_EQ(queue.Push(2).message, nullptr);
  next = queue.Written(true);
  ASSERT_NE(next.message, nullptr);
  EXPECT_EQ(*next.message, 2);
  next = queue.Written(true);
  EXPECT_EQ(next.message, nullptr);
  EXPECT_FALSE(next.finish);
}

TEST(WriteQueue, FinishesOnceAfterTheLastMessage) {
  Queue queue;
  queue.Push(1);
  queue.Push(2);
  EXPECT_FALSE(queue.Close().finish);
  EXPECT_EQ(queue.Push(3).message, nullptr) << "nothing is taken after the close";
  EXPECT_FALSE(queue.Written(true).finish);
  EXPECT_TRUE(queue.Written(true).finish);
  EXPECT_FALSE(queue.Close().finish);
}

TEST(WriteQueue, FinishesAtOnceWhenEmpty) {
  Queue queue;
  EXPECT_TRUE(queue.Close().finish);
  EXPECT_FALSE(queue.Close().finish);
}

TEST(WriteQueue, ABrokenStreamIsFinishedOnceWhicheverEndComesFirst) {
  Queue closed_first;
  closed_first.Push(1);
  closed_first.Push(2);
  EXPECT_FALSE(closed_first.Close().finish);
  const Queue::Next next = closed_first.Written(false);
  EXPECT_EQ(next.message, nullptr) << "what is queued is lost";
  EXPECT_TRUE(next.finish);

  Queue broken_first;
  broken_first.Push(1);
  EXPECT_FALSE(broken_first.Written(false).finish);
  EXPECT_EQ(broken_first.Push(2).message, nullptr);
  EXPECT_TRUE(broken_first.Close().finish);
}

}  // namespace
}  // namespace squall
