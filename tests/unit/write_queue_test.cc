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

TEST(WriteQueue, ABreakLosesWhatWaitsAndFinishesAfterTheCancel) {
  Queue idle;
  EXPECT_TRUE(idle.Break());
  EXPECT_FALSE(idle.Close().finish) << "not before the cancel";
  EXPECT_TRUE(idle.Cancelled().finish);
  EXPECT_FALSE(idle.Break()) << "it was told to finish";

  Queue busy;
  busy.Push(1);
  busy.Push(2);
  EXPECT_TRUE(busy.Break());
  EXPECT_FALSE(busy.Break());
  EXPECT_EQ(busy.Push(3).message, nullptr);
  EXPECT_FALSE(busy.Cancelled().finish) << "the first is still being written";
  EXPECT_TRUE(busy.Written(false).finish);

  Queue quick;
  quick.Push(1);
  EXPECT_TRUE(quick.Break());
  EXPECT_FALSE(quick.Written(false).finish) << "the cancel may still be under way";
  EXPECT_TRUE(quick.Cancelled().finish);

  Queue closed;
  closed.Push(1);
  EXPECT_FALSE(closed.Close().finish);
  EXPECT_TRUE(closed.Break()) << "the last message is not gone";
  closed.Written(false);
  EXPECT_TRUE(closed.Cancelled().finish);
}

TEST(WriteQueue, CountsTheBytesThatWait) {
  Queue queue;
  queue.Push(1, 100);
  queue.Push(2, 20);
  queue.Push(3, 3);
  EXPECT_EQ(queue.waiting_bytes(), 123u);
  queue.Written(true);
  EXPECT_EQ(queue.waiting_bytes(), 23u);
  queue.Break();
  EXPECT_EQ(queue.waiting_bytes(), 20u);
  queue.Written(false);
  EXPECT_EQ(queue.waiting_bytes(), 0u);
}

}  // namespace
}  // namespace squall
