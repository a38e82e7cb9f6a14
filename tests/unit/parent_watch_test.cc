#include "common/parent_watch.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace squall {
namespace {

bool Eventually(const std::atomic<int>& gone, Nanos within) {
  const Nanos deadline = SteadyNow() + within;
  while (gone == 0 && SteadyNow() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return gone == 1;
}

class ParentWatchTest : public ::testing::Test {
 protected:
  ParentWatchTest() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
  ~ParentWatchTest() override {
    for (const int end : ends_) close(end);
  }

  int ends_[2] = {-1, -1};  // ours and the child's
  std::atomic<int> gone_ = 0;
};

TEST_F(ParentWatchTest, TheEndOfTheParent) {
  const ParentWatch watch(ends_[1], [this] { ++gone_; });
  EXPECT_TRUE(watch.Say("R"));
  char byte = 0;
  EXPECT_EQ(read(ends_[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'R');
  EXPECT_EQ(write(ends_[0], "\n\n", 2), 2);  // means nothing
  EXPECT_FALSE(Eventually(gone_, 100 * kMillisecond));
  shutdown(ends_[0], SHUT_WR);
  EXPECT_TRUE(Eventually(gone_, 10 * kSecond));
}

TEST_F(ParentWatchTest, TheEndOfTheChildIsNotTheParents) {
  {
    const ParentWatch watch(ends_[1], [this] { ++gone_; });
  }
  EXPECT_EQ(gone_, 0);
}

TEST_F(ParentWatchTest, Silence) {
  const ParentWatch watch({.in = ends_[1], .out = ends_[1], .silence = 2 * kSecond},
                          [this] { ++gone_; });
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(write(ends_[0], "\n", 1), 1);
    EXPECT_FALSE(Eventually(gone_, kSecond));
  }
  const Nanos begin = SteadyNow();
  EXPECT_TRUE(Eventually(gone_, 10 * kSecond));
  EXPECT_GT(SteadyNow() - begin, kSecond / 2);
}

TEST_F(ParentWatchTest, PipesAsSshHasThem) {
  int in[2];
  int out[2];
  ASSERT_EQ(pipe(in), 0);
  ASSERT_EQ(pipe(out), 0);
  {
    const ParentWatch watch({.in = in[0], .out = out[1], .silence = kForever}, [this] { ++gone_; });
    EXPECT_TRUE(watch.Say("R"));
    char byte = 0;
    EXPECT_EQ(read(out[0], &byte, 1), 1);
    close(in[1]);
    EXPECT_TRUE(Eventually(gone_, 10 * kSecond));
  }
  for (const int end : {in[0], out[0], out[1]}) close(end);
}

}  // namespace
}  // namespace squall
