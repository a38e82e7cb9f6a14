// The engine with real workers and libcurl against a server in this process.

#include "agent/run_engine.h"

#include <numeric>

#include <gtest/gtest.h>

#include "common/mailbox.h"
#include "target/server.h"

namespace squall {
namespace {

constexpr Nanos kDeadline = 30 * kSecond;

uint64_t Total(const std::vector<NumberRun>& runs) {
  uint64_t total = 0;
  for (const NumberRun& run : runs) total += run.count;
  return total;
}

class RunEngineTest : public testing::Test {
 protected:
  void Serve(target::Options options = {}) {
    options.listen = "127.0.0.1:0";
    auto server = target::Server::Start(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  v1::Prepare Prepare(uint32_t concurrency) {
    v1::Prepare prepare;
    prepare.set_concurrency(concurrency);
    v1::Plan& plan = *prepare.mutable_plan();
    plan.mutable_request()->set_method("GET");
    plan.mutable_request()->set_url(server_->url() + "/");
    plan.mutable_phase()->set_concurrency(concurrency);
    plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
    plan.mutable_transport()->set_streams(1);
    plan.mutable_transport()->set_timeout_ns(10 * kSecond);
    return prepare;
  }

  void Make(const v1::Prepare& prepare, uint32_t threads) {
    auto engine = RunEngine::Create(
        prepare, "", threads, [this](RunEngine::Event event) { mailbox_.Push(std::move(event)); });
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }

  // The next snapshot; on the way `attention` is noted.
  RunEngine::Collected Snapshot() {
    engine_->RequestSnapshot();
    RunEngine::Collected collected;
    const Nanos deadline = SteadyNow() + kDeadline;
    while (std::optional<RunEngine::Event> event = mailbox_.PopUntil(deadline)) {
      if (std::holds_alternative<RunEngine::Attention>(*event)) {
        ++attention_;
      } else if (engine_->Collect(std::get<Worker::Listener::Swapped>(std::move(*event)),
                                  collected)) {
        return collected;
      }
    }
    ADD_FAILURE() << "no snapshot";
    return collected;
  }

  // Snapshots until `count` numbers are held; their sum of runs.
  std::vector<NumberRun> HoldAll(uint64_t count) {
    std::vector<uint64_t> numbers;
    const Nanos deadline = SteadyNow() + kDeadline;
    while (numbers.size() < count && SteadyNow() < deadline) {
      const auto runs = RunsFromProto(Snapshot().snapshot.held());
      for (const NumberRun& run : *runs) {
        for (uint64_t i = 0; i < run.count; ++i) numbers.push_back(run.first + i);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return *ToRuns(numbers);
  }

  std::unique_ptr<target::Server> server_;
  Mailbox<RunEngine::Event> mailbox_;
  int attention_ = 0;
  std::unique_ptr<RunEngine> engine_;
};

TEST_F(RunEngineTest, SendsExactlyTheNumbersGranted) {
  Serve();
  Make(Prepare(7), 3);
  EXPECT_EQ(engine_->workers(), 3u);
  engine_->Grant({{0, 1, 500}}, false);
  EXPECT_EQ(server_->counts().requests, 0u) << "nothing before Start";
  engine_->Start();
  engine_->Grant({{1'000, 1, 250}, {2'000, 2, 250}}, true);
  std::vector<NumberRun> expected = {{0, 500}, {1'000, 250}};
  for (uint64_t i = 0; i < 250; ++i) expected.push_back({2'000 + 2 * i, 1});
  EXPECT_EQ(HoldAll(1'000), expected);
  EXPECT_EQ(server_->counts().requests, 1'000u);
  EXPECT_EQ(server_->counts().connections, 7u);
}

TEST_F(RunEngineTest, ASnapshotsMetricsAreOfItsNumbers) {
  Serve({.status = 404});
  Make(Prepare(4), 2);
  engine_->Start();
  engine_->Grant({{0, 1, 300}}, true);
  uint64_t held = 0;
  while (held < 300) {
    const v1::Snapshot snapshot = Snapshot().snapshot;
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
  prepare.mutable_plan()->mutable_transport()->set_http_version(v1::HTTP_VERSION_2);
  prepare.mutable_plan()->mutable_transport()->set_streams(10);
  Make(prepare, 8);
  EXPECT_EQ(engine_->workers(), 3u) << "25 requests at 10 a connection";
}

TEST_F(RunEngineTest, AsksForAttentionWhenWorkRunsLowAndWhenThereIsNone) {
  Serve();
  Make(Prepare(1), 1);
  engine_->Start();
  engine_->Grant({{0, 1, 100}}, false);
  HoldAll(100);
  Snapshot();
  EXPECT_EQ(attention_, 3) << "low, empty, idle";
}

TEST_F(RunEngineTest, StopDrainsWhatIsInFlightAndIssuesNothingMore) {
  Serve({.delay = absl::Milliseconds(200)});
  Make(Prepare(10), 2);
  engine_->Start();
  engine_->Grant({{0, 1, 1'000}}, true);
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
  engine_->Start();
  engine_->Grant({{0, 1, 1'000}}, true);
  while (server_->counts().in_flight < 10) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  engine_->Stop(SteadyNow() + 50 * kMillisecond);
  uint64_t cut_off = 0;
  while (true) {
    const RunEngine::Collected collected = Snapshot();
    for (const v1::FailureCount& failure : collected.snapshot.metrics().failures()) {
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
  prepare.mutable_plan()->mutable_phase()->set_duration_ns(200 * kMillisecond);
  Make(prepare, 2);
  engine_->Start();
  engine_->Grant({{0, 1, 100'000}}, false);
  uint64_t recorded = 0;
  while (true) {
    const RunEngine::Collected collected = Snapshot();
    recorded += collected.snapshot.metrics().succeeded();
    if (collected.finished) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(recorded, server_->counts().requests);
  EXPECT_GE(recorded, 4u);
  EXPECT_LE(recorded, 4u * 11) << "at most 200 ms / 20 ms a connection, and one begun at the end";
}

}  // namespace
}  // namespace squall
