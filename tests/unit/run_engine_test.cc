// The engine with real workers and libcurl against a server in this process.

#include "agent/run_engine.h"

#include <gtest/gtest.h>

#include "tests/unit/run_engine_support.h"

namespace squall {
namespace {

TEST_F(RunEngineTest, SendsExactlyTheNumbersGranted) {
  Serve();
  Make(Prepare(7), 3);
  EXPECT_EQ(engine_->workers(), 3u);
  Grant(0, {{0, 1, 500}}, false);
  EXPECT_EQ(server_->counts().requests, 0u) << "nothing before Start";
  Start();
  Grant(0, {{1'000, 1, 250}, {2'000, 2, 250}}, true);
  std::vector<Span> expected = {{0, 1, 500}, {1'000, 1, 250}};
  for (uint64_t i = 0; i < 250; ++i) expected.push_back({2'000 + 2 * i, 1, 1});
  EXPECT_EQ(HoldAll(1'000), expected);
  EXPECT_EQ(server_->counts().requests, 1'000u);
  EXPECT_EQ(server_->counts().connections, 7u);
}

TEST_F(RunEngineTest, ASnapshotsMetricsAreOfItsNumbers) {
  Serve({.status = 404});
  Make(Prepare(4), 2);
  Start();
  Grant(0, {{0, 1, 300}}, true);
  uint64_t held = 0;
  while (held < 300) {
    const v1::Snapshot snapshot = Snapshot().snapshots[0];
    const auto runs = RunsFromProto(snapshot.held());
    ASSERT_TRUE(runs.ok());
    const uint64_t count = Total(*runs);
    EXPECT_EQ(snapshot.metrics().failed(), count);
    EXPECT_EQ(snapshot.metrics().failure_service().count(), count);
    held += count;
  }
  EXPECT_EQ(held, 300u);
}

TEST_F(RunEngineTest, WholeConnectionsGoToAWorker) {
  Serve();
  v1::Prepare prepare = Prepare(25);
  prepare.mutable_plan()->mutable_transport()->set_kind(v1::TRANSPORT_KIND_CURL);
  prepare.mutable_plan()->mutable_transport()->set_http_version(v1::HTTP_VERSION_2);
  prepare.mutable_plan()->mutable_transport()->set_streams(10);
  Make(prepare, 8);
  EXPECT_EQ(engine_->workers(), 3u) << "25 requests at 10 a connection";
}

TEST_F(RunEngineTest, AsksForAttentionWhenWorkRunsLowAndWhenThereIsNone) {
  Serve();
  Make(Prepare(1), 1);
  Grant(0, {{0, 1, 100}}, false);
  Start();
  HoldAll(100);
  Snapshot();
  EXPECT_EQ(attention_, 3) << "low, empty, idle";
}

TEST_F(RunEngineTest, StopDrainsWhatIsInFlightAndIssuesNothingMore) {
  Serve({.delay = absl::Milliseconds(200)});
  Make(Prepare(10), 2);
  Start();
  Grant(0, {{0, 1, 1'000}}, true);
  while (server_->counts().in_flight < 10) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  engine_->Stop(SteadyNow() + 10 * kSecond);
  EXPECT_FALSE(Snapshot().finished) << "ten are in flight";
  EXPECT_EQ(Total(HoldAll(10)), 10u);
  EXPECT_TRUE(Snapshot().finished);
  EXPECT_EQ(server_->counts().requests, 10u);
}

TEST_F(RunEngineTest, WhatIsInFlightAtTheDeadlineIsCutOff) {
  Serve({.delay = absl::Seconds(60)});
  Make(Prepare(10), 2);
  Start();
  Grant(0, {{0, 1, 1'000}}, true);
  while (server_->counts().in_flight < 10) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  engine_->Stop(SteadyNow() + 50 * kMillisecond);
  uint64_t cut_off = 0;
  while (true) {
    const RunEngine::Collected collected = Snapshot();
    for (const v1::FailureCount& failure : collected.snapshots[0].metrics().failures()) {
      EXPECT_EQ(failure.kind(), v1::FAILURE_KIND_CUT_OFF);
      cut_off += failure.count();
    }
    if (collected.finished) break;
  }
  EXPECT_EQ(cut_off, 10u);
}

TEST_F(RunEngineTest, UnderADurationItEndsByItself) {
  Serve({.delay = absl::Milliseconds(20)});
  v1::Prepare prepare = Prepare(4);
  prepare.mutable_plan()->mutable_phases(0)->set_duration_ns(200 * kMillisecond);
  Make(prepare, 2);
  Start();
  Grant(0, {{0, 1, 100'000}}, false);
  uint64_t recorded = 0;
  while (true) {
    const RunEngine::Collected collected = Snapshot();
    recorded += collected.snapshots[0].metrics().succeeded();
    if (collected.finished) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(recorded, server_->counts().requests);
  EXPECT_GE(recorded, 4u);
  EXPECT_LE(recorded, 4u * 11) << "at most 200 ms / 20 ms a connection, and one begun at the end";
}

// What the snapshots tell of each phase.
struct Seen {
  std::vector<uint64_t> numbers;
  Nanos window = 0;
};

class RunEnginePhasesTest : public RunEngineTest {
 protected:
  // Snapshots until `count` numbers of the last phase are held, and nothing is in flight.
  std::vector<Seen> See(uint64_t count) {
    std::vector<Seen> seen(2);
    const Nanos deadline = SteadyNow() + kDeadline;
    for (bool finished = false; !finished && SteadyNow() < deadline;) {
      const RunEngine::Collected collected = Snapshot();
      for (const v1::Snapshot& snapshot : collected.snapshots) {
        Seen& phase = seen[snapshot.phase()];
        phase.window = snapshot.window_ns();
        const auto runs = RunsFromProto(snapshot.held());
        EXPECT_EQ(Total(*runs), snapshot.metrics().succeeded()) << "its results are its own";
        for (const Span& run : *runs) {
          for (uint64_t i = 0; i < run.count; ++i)
            phase.numbers.push_back(run.first + i * run.stride);
        }
      }
      if (seen[1].numbers.size() == count) engine_->Stop(deadline);
      finished = collected.finished;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return seen;
  }
};

TEST_F(RunEnginePhasesTest, FollowEachOtherOnTheSameConnections) {
  Serve();
  v1::Prepare prepare = Prepare(7);
  WarmUp(prepare, 150 * kMillisecond);
  Make(prepare, 3);
  Grant(0, {{0, 1, 1'000'000}}, false);
  Grant(1, {{0, 1, 300}}, true);
  Start();
  std::vector<Seen> seen = See(300);
  EXPECT_EQ(*ToRuns(seen[1].numbers, 1), (std::vector<Span>{{0, 1, 300}}));
  EXPECT_GT(seen[0].numbers.size(), 7u);
  EXPECT_LT(seen[0].numbers.size(), 1'000'000u) << "the rest is never sent";
  EXPECT_EQ(server_->counts().requests, 300u + seen[0].numbers.size());
  EXPECT_EQ(server_->counts().connections, 7u);
}

TEST_F(RunEnginePhasesTest, ARequestBelongsToThePhaseThatIssuedIt) {
  Serve({.delay = absl::Milliseconds(300)});
  v1::Prepare prepare = Prepare(4);
  WarmUp(prepare, 100 * kMillisecond);
  Make(prepare, 2);
  Grant(0, {{0, 1, 1'000}}, false);
  Grant(1, {{0, 1, 4}}, true);
  Start();
  std::vector<Seen> seen = See(4);
  EXPECT_EQ(seen[0].numbers.size(), 4u) << "those of the beginning";
  EXPECT_GE(seen[0].window, 300 * kMillisecond) << "they were not cut off";
  EXPECT_GE(seen[1].window, 500 * kMillisecond) << "from 100 ms on, behind the others";
}

TEST_F(RunEnginePhasesTest, AnIdleWorkerIsAwakeWhenThePhaseBegins) {
  Serve();
  v1::Prepare prepare = Prepare(2);
  WarmUp(prepare, 100 * kMillisecond);
  Make(prepare, 2);
  Grant(1, {{0, 1, 10}}, true);
  const Nanos start = SteadyNow();
  Start();
  std::vector<Seen> seen = See(10);
  EXPECT_EQ(seen[0].numbers.size(), 0u);
  EXPECT_EQ(seen[1].numbers.size(), 10u);
  EXPECT_GE(SteadyNow() - start, 100 * kMillisecond);
  EXPECT_GT(seen[1].window, 0) << "none was sent before";
}

TEST_F(RunEngineTest, AfterADurationItDrainsForSoLong) {
  Serve({.delay = absl::Seconds(60)});
  v1::Prepare prepare = Prepare(4);
  prepare.mutable_plan()->mutable_phases(0)->set_duration_ns(50 * kMillisecond);
  prepare.mutable_plan()->mutable_phases(0)->set_drain_ns(100 * kMillisecond);
  Make(prepare, 2);
  Grant(0, {{0, 1, 1'000}}, false);
  const Nanos start = SteadyNow();
  Start();
  uint64_t failed = 0;
  for (bool finished = false; !finished;) {
    const RunEngine::Collected collected = Snapshot();
    failed += collected.snapshots[0].metrics().failed();
    finished = collected.finished;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(failed, 4u);
  EXPECT_GE(SteadyNow() - start, 150 * kMillisecond);
  EXPECT_LT(SteadyNow() - start, 5 * kSecond) << "the timeout is longer";
}

}  // namespace
}  // namespace squall
