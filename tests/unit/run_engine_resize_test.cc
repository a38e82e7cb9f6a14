// A run's engine whose share of the connections changes while it is at work.
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/nginx.h"
#include "tests/unit/run_engine_support.h"

namespace squall {
namespace {

class RunEngineResize : public RunEngineTest,
                        public ::testing::WithParamInterface<v1::TransportKind> {
 protected:
  // A share of the plan's.
  v1::Prepare Share(uint32_t concurrency, uint32_t of) {
    v1::Prepare prepare = Prepare(of);
    prepare.set_concurrency(concurrency);
    prepare.mutable_plan()->mutable_transport()->set_kind(GetParam());
    return prepare;
  }

  // It comes to so many in flight and connections, and stays there.
  void ExpectAtOnce(uint32_t concurrency) {
    EXPECT_TRUE(Eventually([&] {
      const target::Counts counts = server_->counts();
      return counts.open_connections == concurrency && counts.in_flight <= concurrency;
    })) << concurrency
        << " wanted, open: " << server_->counts().open_connections;
    EXPECT_TRUE(Eventually([&] { return Tell(), concurrency_ == concurrency; }));
    server_->ClearCounts();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const target::Counts counts = server_->counts();
    EXPECT_GT(counts.requests, 0u);
    EXPECT_EQ(counts.open_connections, concurrency);
    EXPECT_EQ(counts.connections, 0u) << "opened while nothing changed";
    EXPECT_LE(counts.peak_in_flight, concurrency);
  }
};
INSTANTIATE_TEST_SUITE_P(All, RunEngineResize,
                         ::testing::Values(v1::TRANSPORT_KIND_HTTP1, v1::TRANSPORT_KIND_CURL),
                         [](const auto& test) {
                           return test.param == v1::TRANSPORT_KIND_CURL ? "Curl" : "Http1";
                         });

TEST_P(RunEngineResize, InAClosedLoop) {
  Serve({.delay = absl::Milliseconds(2)});
  Make(Share(12, 100), 3);
  Grant(0, {{0, 1, 10'000'000}}, true);
  Start();
  for (const uint32_t concurrency : {12u, 5u, 2u, 7u, 1u, 100u, 3u}) {
    SCOPED_TRACE(concurrency);
    engine_->SetConcurrency(concurrency, 0);
    ExpectAtOnce(concurrency);
  }
  engine_->Stop(SteadyNow() + kDeadline);
  TellToTheEnd();
  EXPECT_EQ(tallies_[0].metrics.failed, 0u);
  EXPECT_TRUE(ToRuns(tallies_[0].held, 1).ok());
}

// The workers that lose all their slots have drawn some.
TEST_P(RunEngineResize, InAClosedLoopNoNumberIsLost) {
  Serve({.delay = absl::Milliseconds(1)});
  Make(Share(3, 3), 3);
  Grant(0, {{0, 1, 1'000}}, true);
  Start();
  ASSERT_TRUE(Eventually([&] { return server_->counts().requests >= 100; }));
  engine_->SetConcurrency(1, 0);
  ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[0].held.size() == 1'000; }));
  EXPECT_EQ(*ToRuns(tallies_[0].held, 1), (std::vector<Span>{{0, 1, 1'000}}));
}

// Answers take so long that every connection is needed.
TEST_P(RunEngineResize, UnderARate) {
  Serve({.delay = absl::Milliseconds(20)});
  v1::Prepare prepare = Share(10, 10);
  SetRate(prepare, 0, 1'000);
  prepare.mutable_plan()->mutable_phases(0)->set_duration_ns(2 * kSecond);
  Make(prepare, 3);
  for (uint64_t lane = 0; lane < 4; ++lane) Grant(0, {{lane, 4, 500}}, true);
  Start();
  for (const uint32_t concurrency : {10u, 4u, 1u, 6u}) {
    SCOPED_TRACE(concurrency);
    engine_->SetConcurrency(concurrency, 0);
    ExpectAtOnce(concurrency);
  }
  TellToTheEnd();
  EXPECT_EQ(tallies_[0].metrics.failed, 0u);
  EXPECT_EQ(tallies_[0].held.size() + tallies_[0].unsent, 2'000u);
  EXPECT_TRUE(ToRuns(tallies_[0].held, 1).ok());
}

// Each worker has one number in hand that is far from due; the first keeps its connection.
TEST_P(RunEngineResize, WhatAWorkerHadInHandIsSentByAnother) {
  Serve();
  v1::Prepare prepare = Share(3, 3);
  SetRate(prepare, 0, 10);
  Make(prepare, 3);
  Grant(0, {{0, 1, 10}}, true);
  Start();
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  engine_->SetConcurrency(1, 0);
  ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[0].held.size() == 10; }));
  EXPECT_LT(tallies_[0].metrics.schedule_lag.max(), 90 * uint64_t{kMillisecond});
}

TEST_P(RunEngineResize, AWorkerWithoutSlotsIsSilent) {
  Serve();
  Make(Share(1, 3), 8);
  EXPECT_EQ(engine_->workers(), 3u) << "it may have to take over all there are";
  Start();
  Tell();
  Tell();
  EXPECT_EQ(attention_, 1) << "of the one that could send something";
  EXPECT_EQ(concurrency_, 1u);
  engine_->SetConcurrency(3, 0);
  Tell();
  Tell();
  EXPECT_EQ(attention_, 3);
  EXPECT_EQ(concurrency_, 3u);
  Grant(0, {{0, 1, 1'000}}, true);
  ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[0].held.size() == 1'000; }));
}

TEST_P(RunEngineResize, SnapshotsSayHowManyAreInFlightUntilItHasComeDown) {
  Serve({.delay = absl::Milliseconds(300)});
  Make(Share(8, 8), 3);
  Grant(0, {{0, 1, 1'000}}, true);
  Start();
  ASSERT_TRUE(Eventually([&] { return server_->counts().in_flight == 8; }));
  engine_->SetConcurrency(2, 0);
  Tell();
  EXPECT_EQ(concurrency_, 8u);
  EXPECT_TRUE(Eventually([&] { return Tell(), concurrency_ == 2; }));
  EXPECT_LE(server_->counts().in_flight, 2u);
}

// Nothing is in flight, and nothing comes.
TEST_P(RunEngineResize, IdleConnectionsThatAreNotNeededAreClosed) {
  Serve({.delay = absl::Milliseconds(20)});
  Make(Share(9, 9), 3);
  Grant(0, {{0, 1, 90}}, false);
  Start();
  ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[0].held.size() == 90; }));
  EXPECT_EQ(server_->counts().open_connections, 9u);
  engine_->SetConcurrency(1, 0);
  // libcurl's of the worker that still has a slot go when it is used.
  if (GetParam() == v1::TRANSPORT_KIND_CURL) Grant(0, {{90, 1, 20}}, true);
  EXPECT_TRUE(Eventually([&] { return server_->counts().open_connections == 1; }));
}

TEST_P(RunEngineResize, BeforeTheStart) {
  Serve({.delay = absl::Milliseconds(2)});
  Make(Share(2, 20), 2);
  engine_->SetConcurrency(15, 0);
  Grant(0, {{0, 1, 10'000'000}}, true);
  Start(SteadyNow() + 20 * kMillisecond);
  ExpectAtOnce(15);
}

// Whole connections come and go: four, one of which stays, and three new ones.
TEST_F(RunEngineTest, ConnectionsOfSeveralStreamsAreResizedAsAWhole) {
  if (!testing::Nginx::Installed()) GTEST_SKIP() << "no nginx";
  testing::Nginx nginx("http2");
  Serve();
  v1::Prepare prepare = Prepare(20);
  v1::Plan& plan = *prepare.mutable_plan();
  plan.mutable_request()->set_url(nginx.Url("http"));
  plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_CURL);
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_2);
  plan.mutable_transport()->set_streams(5);
  Make(prepare, 3);
  Start();
  uint64_t granted = 0;
  for (const uint32_t concurrency : {20u, 5u, 17u}) {
    engine_->SetConcurrency(concurrency, 0);
    ASSERT_TRUE(Eventually([&] { return Tell(), concurrency_ == concurrency; }));
    Grant(0, {{granted, 1, 400}}, true);
    granted += 400;
    ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[0].held.size() == granted; }));
  }
  EXPECT_EQ(tallies_[0].metrics.succeeded, granted);
  EXPECT_EQ(tallies_[0].metrics.connections, 7u);
  std::set<std::string> connections;
  for (const std::string& line : nginx.StopAndReadLog()) {
    connections.insert(line.substr(0, line.find(' ')));
  }
  EXPECT_EQ(connections.size(), 7u);
}

TEST_F(RunEngineTest, TheBoundOnTheBacklogFollowsTheShare) {
  Serve({.delay = absl::Seconds(60)});
  v1::Prepare prepare = Prepare(1);
  SetRate(prepare, 0, 100);
  prepare.mutable_plan()->mutable_phases(0)->mutable_arrivals()->set_max_backlog(1'000);
  prepare.set_max_backlog(1'000);
  Make(prepare, 1);
  Grant(0, {{0, 1, 1'000}}, true);
  Start(SteadyNow() - kSecond);
  ASSERT_TRUE(Eventually([&] { return server_->counts().in_flight == 1; }));
  Tell();
  EXPECT_EQ(tallies_[0].dropped, 0u);
  engine_->SetConcurrency(1, 10);
  ASSERT_TRUE(Eventually([&] { return Tell(), tallies_[0].dropped > 0; }));
}

}  // namespace
}  // namespace squall
