// When a run's engine begins, and with what: at an instant, or late.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/run_engine_support.h"

namespace squall {
namespace {

using RunEngineStart = RunEngineTest;

TEST_F(RunEngineStart, NothingIsSentBeforeTheInstant) {
  for (const uint32_t threads : {1u, 3u}) {
    SCOPED_TRACE(threads);
    Serve();
    Make(Prepare(6), threads);
    Grant(0, {{0, 1, 300}}, true);
    const Nanos at = SteadyNow() + 150 * kMillisecond;
    Start(at);
    EXPECT_EQ(Snapshot().snapshots[0].began_ns(), 0);
    while (true) {
      const uint64_t requests = server_->counts().requests;
      if (SteadyNow() >= at) break;
      ASSERT_EQ(requests, 0u);
    }
    ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[0].held.size() == 300; }));
    EXPECT_GE(began_, at);
    EXPECT_LT(began_, at + 100 * kMillisecond) << "or this machine is very busy";
    tallies_.assign(1, {});
  }
}

TEST_F(RunEngineStart, StopBeforeTheInstantIsTheEnd) {
  Serve();
  Make(Prepare(6), 2);
  Grant(0, {{0, 1, 300}}, true);
  Start(SteadyNow() + 100 * kMillisecond);
  engine_->Stop(SteadyNow());
  EXPECT_TRUE(Snapshot().finished);
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  EXPECT_TRUE(Snapshot().finished);
  EXPECT_EQ(server_->counts().requests, 0u);
}

// The first of three phases is over by then, the second one goes on.
TEST_F(RunEngineStart, OneThatJoinsLateBeginsInThePhaseThatGoesOn) {
  constexpr Nanos kPhase = 400 * kMillisecond;
  Serve();
  v1::Prepare prepare = Prepare(6);
  WarmUp(prepare, kPhase);
  SetRate(prepare, 0, 1'000);
  v1::Plan& plan = *prepare.mutable_plan();
  *plan.add_phases() = plan.phases(1);
  *plan.mutable_phases(1) = plan.phases(0);
  Make(prepare, 2);
  Grant(0, {{0, 1, 100}}, false);
  Grant(1, {{300, 1, 100}}, false);
  Grant(2, {{0, 1, 50}}, true);
  const Nanos at = SteadyNow() - kPhase - 50 * kMillisecond;
  Start(at);
  Grant(0, {{200, 1, 100}}, false);
  tallies_.resize(3);
  ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[2].held.size() == 50; }));
  EXPECT_EQ(tallies_[0].held.size(), 0u);
  EXPECT_EQ(tallies_[0].unsent, 200u) << "also what was granted after its end";
  EXPECT_EQ(tallies_[0].oldest_unsent, kPhase);
  EXPECT_EQ(tallies_[1].held.size(), 100u);
  EXPECT_EQ(tallies_[1].unsent, 0u);
  EXPECT_LT(tallies_[1].metrics.success_response.max(), static_cast<uint64_t>(kPhase));
  EXPECT_EQ(server_->counts().requests, 150u);
  EXPECT_GE(began_, at + kPhase + 50 * kMillisecond);
}

TEST_F(RunEngineStart, OneThatJoinsAfterTheEndSendsNothing) {
  Serve();
  v1::Prepare prepare = Prepare(6);
  prepare.mutable_plan()->mutable_phases(0)->set_duration_ns(100 * kMillisecond);
  SetRate(prepare, 0, 1'000);
  Make(prepare, 2);
  Grant(0, {{0, 1, 100}}, true);
  Start(SteadyNow() - kSecond);
  TellToTheEnd();
  EXPECT_EQ(tallies_[0].unsent, 100u);
  EXPECT_EQ(began_, 0);
  EXPECT_EQ(server_->counts().requests, 0u);
}

// Half of the numbers come from a lost agent, and are long overdue.
TEST_F(RunEngineStart, TimesOfNumbersThatAreGrantedAgainAreKeptApart) {
  Serve();
  v1::Prepare prepare = Prepare(20);
  SetRate(prepare, 0, 1'000);
  Make(prepare, 2);
  Start(SteadyNow() - kSecond);
  Grant(0, {{1'200, 1, 100}}, true);
  Grant(0, {{0, 2, 50}}, true, true);
  ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[0].held.size() == 150; }));
  const Metrics& metrics = tallies_[0].metrics;
  EXPECT_EQ(metrics.success_response.count(), 150u);
  EXPECT_EQ(metrics.success_response_again.count(), 50u);
  EXPECT_GE(metrics.success_response_again.min(), 900 * uint64_t{kMillisecond})
      << "their intended starts are kept";
  const Histogram others = metrics.success_response.Without(metrics.success_response_again);
  EXPECT_EQ(others.count(), 100u);
  EXPECT_LT(others.Quantile(0.5), 500 * uint64_t{kMillisecond});
}

}  // namespace
}  // namespace squall
