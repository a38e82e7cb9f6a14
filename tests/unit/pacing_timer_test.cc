#include "agent/pacing_timer.h"

#include <ev.h>
#include <vector>

#include <gtest/gtest.h>

#include "common/event_loop.h"

namespace squall {
namespace {

class PacingTimerTest : public testing::Test {
 protected:
  PacingTimerTest() { EXPECT_TRUE(timer_.Open().ok()); }
  ~PacingTimerTest() override { guard_.Stop(loop_); }

  // Runs the loop until the timer has come `times` times, or for 10 s.
  void RunUntilCame(size_t times) {
    ev_now_update(loop_);
    guard_.Start(loop_);
    while (came_.size() < times && !guard_.over) ev_run(loop_, EVRUN_ONCE);
    ASSERT_EQ(came_.size(), times);
  }

  // Nothing comes in so much time.
  void RunFor(double seconds) {
    ev_now_update(loop_);
    ev_timer pause;
    ev_timer_init(
        &pause, [](struct ev_loop* loop, ev_timer*, int) { ev_break(loop); }, seconds, 0);
    ev_timer_start(loop_, &pause);
    ev_run(loop_, 0);
    ev_timer_stop(loop_, &pause);
  }

  void OnTime() {
    came_.push_back(SteadyNow());
    if (next_ != 0) timer_.Arm(next_);
    next_ = 0;
  }

  // So that a timer that never comes fails a test, and does not hang it.
  struct Guard {
    Guard() {
      ev_timer_init(
          &timer,
          [](struct ev_loop*, ev_timer* watcher, int) {
            static_cast<Guard*>(watcher->data)->over = true;
          },
          10., 0.);
      timer.data = this;
    }
    void Start(struct ev_loop* loop) { ev_timer_start(loop, &timer); }
    void Stop(struct ev_loop* loop) { ev_timer_stop(loop, &timer); }
    ev_timer timer;
    bool over = false;
  };

  struct LoopOwner {
    ~LoopOwner() { ev_loop_destroy(loop); }
    struct ev_loop* const loop = NewEventLoop();
  };
  LoopOwner owner_;
  struct ev_loop* const loop_ = owner_.loop;
  PacingTimer timer_{
      loop_, [](void* owner) noexcept { static_cast<PacingTimerTest*>(owner)->OnTime(); }, this};
  Guard guard_;
  std::vector<Nanos> came_;
  Nanos next_ = 0;  // to be armed when it comes
};

TEST_F(PacingTimerTest, ComesOnceAndNeverEarly) {
  const Nanos at = SteadyNow() + 3'300'000;
  timer_.Arm(at);
  RunUntilCame(1);
  EXPECT_GE(came_[0], at);
  RunFor(0.02);
  EXPECT_EQ(came_.size(), 1u);
}

TEST_F(PacingTimerTest, ATimeThatIsOverComesWithTheNextTurn) {
  timer_.Arm(SteadyNow() - kSecond);
  RunUntilCame(1);
  timer_.Arm(0);
  RunUntilCame(2);
}

TEST_F(PacingTimerTest, ALaterArmReplacesTheOneBefore) {
  const Nanos now = SteadyNow();
  timer_.Arm(now + kSecond / 1000);
  timer_.Arm(now + kSecond / 20);
  RunUntilCame(1);
  EXPECT_GE(came_[0], now + kSecond / 20);
  timer_.Arm(SteadyNow() + 3600 * kSecond);
  const Nanos sooner = SteadyNow() + kSecond / 1000;
  timer_.Arm(sooner);
  RunUntilCame(2);
  EXPECT_GE(came_[1], sooner);
}

TEST_F(PacingTimerTest, MayBeArmedFromItsCallback) {
  const Nanos first = SteadyNow() + kSecond / 1000;
  next_ = first + kSecond / 500;
  timer_.Arm(first);
  RunUntilCame(2);
  EXPECT_GE(came_[0], first);
  EXPECT_GE(came_[1], first + kSecond / 500);
}

TEST_F(PacingTimerTest, DisarmedItDoesNotCome) {
  timer_.Arm(SteadyNow() + kSecond / 1000);
  timer_.Disarm();
  timer_.Disarm();
  RunFor(0.02);
  EXPECT_TRUE(came_.empty());
  timer_.Arm(SteadyNow() + kSecond / 1000);
  RunUntilCame(1);
}

}  // namespace
}  // namespace squall
