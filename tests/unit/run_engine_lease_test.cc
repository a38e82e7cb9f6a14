// What a run's engine does without its lease: nothing, until it has it again or the phase ends.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/unit/run_engine_support.h"

namespace squall {
namespace {

// What this process has computed so far, the server in it included.
Nanos CpuTime() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return Nanos{time.tv_sec} * kSecond + Nanos{time.tv_usec} * 1'000;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

class RunEngineLease : public RunEngineTest {
 protected:
  // Nothing is sent for a while, and nobody works.
  void ExpectSilence() {
    const uint64_t sent = server_->counts().requests;
    Tell();
    const int attention = attention_;
    const Nanos worked = CpuTime();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_LT(CpuTime() - worked, 100 * kMillisecond) << "a worker spins";
    EXPECT_EQ(server_->counts().requests, sent);
    Tell();
    EXPECT_EQ(attention_, attention);
    EXPECT_EQ(tallies_[0].held.size(), sent) << "what was in flight is recorded";
  }
};

TEST_F(RunEngineLease, InAClosedLoopNothingIsSentWithoutIt) {
  for (const v1::TransportKind kind : {v1::TRANSPORT_KIND_HTTP1, v1::TRANSPORT_KIND_CURL}) {
    SCOPED_TRACE(kind);
    Serve({.delay = absl::Milliseconds(2)});
    tallies_.assign(1, {});
    v1::Prepare prepare = Prepare(5);
    prepare.mutable_plan()->mutable_transport()->set_kind(kind);
    Make(prepare, 2);
    Grant(0, {{0, 1, 1'000}}, true);
    const Nanos until = SteadyNow() + 100 * kMillisecond;
    Start(SteadyNow(), until);
    EXPECT_TRUE(Eventually([&] { return server_->counts().requests > 10; }));
    SleepUntil(until + 50 * kMillisecond);
    ExpectSilence();
    engine_->RenewLease(until - kSecond);
    ExpectSilence();

    const uint64_t sent = server_->counts().requests;
    engine_->RenewLease(SteadyNow() + kDeadline);
    EXPECT_TRUE(Eventually([&] { return server_->counts().requests > sent + 10; }));
    EXPECT_EQ(server_->counts().connections, 5u) << "they were kept";
    ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[0].held.size() == 1'000; }));
    EXPECT_EQ(*ToRuns(tallies_[0].held, 1), (std::vector<Span>{{0, 1, 1'000}}));
  }
}

TEST_F(RunEngineLease, ARenewedOneIsNoPause) {
  Serve({.delay = absl::Milliseconds(2)});
  Make(Prepare(5), 2);
  Grant(0, {{0, 1, 1'000'000}}, true);
  const Nanos start = SteadyNow();
  Start(start, start + 100 * kMillisecond);
  engine_->RenewLease(start + kDeadline);
  SleepUntil(start + 200 * kMillisecond);
  const uint64_t sent = server_->counts().requests;
  EXPECT_TRUE(Eventually([&] { return server_->counts().requests > sent + 10; }));
}

TEST_F(RunEngineLease, UnderARateIntendedStartsAreKept) {
  Serve();
  v1::Prepare prepare = Prepare(4);
  SetRate(prepare, 0, 500);
  Make(prepare, 2);
  Grant(0, {{0, 1, 400}}, true);
  const Nanos start = SteadyNow();
  Start(start, start + 100 * kMillisecond);
  SleepUntil(start + 150 * kMillisecond);
  EXPECT_LE(server_->counts().requests, 51u) << "every two milliseconds, from 0 on";
  ExpectSilence();
  engine_->RenewLease(start + kDeadline);
  ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[0].held.size() == 400; }));
  const Metrics& metrics = tallies_[0].metrics;
  EXPECT_GE(metrics.success_response.max(), 300 * uint64_t{kMillisecond}) << "with the pause";
  EXPECT_LT(metrics.success_response.Quantile(0.1), 100 * uint64_t{kMillisecond});
  EXPECT_LT(metrics.waited, 60u) << "they have not waited for a connection";
}

TEST_F(RunEngineLease, WhatFallsDueInThePauseIsUnsentWhenThePhaseEnds) {
  Serve();
  v1::Prepare prepare = Prepare(4);
  SetRate(prepare, 0, 500);
  prepare.mutable_plan()->mutable_phases(0)->set_duration_ns(400 * kMillisecond);
  Make(prepare, 2);
  Grant(0, {{0, 1, 200}}, true);
  const Nanos start = SteadyNow();
  Start(start, start + 100 * kMillisecond);
  TellToTheEnd();
  EXPECT_GE(SteadyNow() - start, 400 * kMillisecond);
  EXPECT_LE(tallies_[0].held.size(), 51u);
  EXPECT_EQ(tallies_[0].held.size() + tallies_[0].unsent, 200u);
  EXPECT_EQ(tallies_[0].held.size(), server_->counts().requests);
  EXPECT_GE(tallies_[0].oldest_unsent, 290 * kMillisecond);
}

TEST_F(RunEngineLease, ThePhaseThatBeginsInThePauseGoesOnWithIt) {
  Serve();
  v1::Prepare prepare = Prepare(4);
  WarmUp(prepare, 200 * kMillisecond);
  Make(prepare, 2);
  Grant(0, {{0, 1, 1'000'000}}, true);
  Grant(1, {{0, 1, 100}}, true);
  const Nanos start = SteadyNow();
  Start(start, start + 100 * kMillisecond);
  SleepUntil(start + 300 * kMillisecond);
  tallies_.resize(2);
  Tell();
  EXPECT_EQ(tallies_[1].held.size(), 0u);
  engine_->RenewLease(start + kDeadline);
  ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[1].held.size() == 100; }));
  EXPECT_EQ(tallies_[0].held.size() + 100, server_->counts().requests);
}

}  // namespace
}  // namespace squall
