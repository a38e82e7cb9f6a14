// A server's own counts, as a run's engine has heard of them: real workers, and a real target.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/raw_client.h"
#include "tests/unit/run_engine_support.h"

namespace squall {
namespace {

class RunEngineServer : public RunEngineTest {
 protected:
  // A target that takes a while for each answer.
  void ServeSlowly() {
    target::Options options;
    options.delay = absl::Milliseconds(20);
    options.threads = 2;
    Serve(options);
  }

  v1::Prepare Asking(v1::TransportKind kind) {
    v1::Prepare prepare = Prepare(8);
    prepare.set_asks_server(true);
    prepare.mutable_plan()->mutable_transport()->set_kind(kind);
    return prepare;
  }

  // What was told last, when all of `count` requests have been sent and nothing is in flight.
  std::optional<v1::ServerCounts> Run(const v1::Prepare& prepare, uint64_t count) {
    Make(prepare, 2);
    Grant(0, {{0, 1, count}}, true);
    // It is seen to have been idle before the start, as well as its clock is known.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    started_ = SteadyNow();
    Start(started_);
    std::optional<v1::ServerCounts> told;
    uint64_t held = 0;
    const bool finished = Eventually([&] {
      const RunEngine::Collected collected = Snapshot();
      for (const v1::Snapshot& snapshot : collected.snapshots) {
        held += Total(*RunsFromProto(snapshot.held()));
        if (snapshot.has_server()) told = snapshot.server();
      }
      if (held == count) engine_->Stop(SteadyNow() + kSecond);
      return collected.finished;
    });
    EXPECT_TRUE(finished);
    engine_.reset();
    return told;
  }

  Nanos started_ = 0;
};

TEST_F(RunEngineServer, ATargetIsFoundAndAsked) {
  for (const v1::TransportKind kind : {v1::TRANSPORT_KIND_HTTP1, v1::TRANSPORT_KIND_CURL}) {
    SCOPED_TRACE(kind);
    ServeSlowly();
    const std::optional<v1::ServerCounts> told = Run(Asking(kind), 200);
    ASSERT_TRUE(told);
    EXPECT_TRUE(told->target());
    EXPECT_EQ(told->failure(), "");
    EXPECT_EQ(told->most(), 8u);
    EXPECT_EQ(told->in_flight(), 0u);
    EXPECT_EQ(told->from_ns(), started_);
    const target::Counts counts = server_->counts();
    EXPECT_EQ(told->area(), counts.in_flight_ns);
    EXPECT_EQ(counts.requests, 200u) << "who asks is not counted";
    EXPECT_EQ(counts.connections, 8u);
  }
}

TEST_F(RunEngineServer, AnswersInPiecesAreKnownAsWell) {
  target::Options options;
  options.body_bytes = 1 << 20;
  Serve(options);
  EXPECT_TRUE(Run(Asking(v1::TRANSPORT_KIND_HTTP1), 20));
}

TEST_F(RunEngineServer, WhatAnEarlierRunHadIsNotThisOnes) {
  ServeSlowly();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(std::make_unique<RawClient>(server_->port()));
  for (auto& client : clients) client->Send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  for (auto& client : clients) EXPECT_EQ(client->Receive().status, 200);
  const Nanos before = SteadyNow();
  const uint64_t area = server_->counts().in_flight_ns;
  SleepUntil(before + 250 * kMillisecond);
  const std::optional<v1::ServerCounts> told = Run(Asking(v1::TRANSPORT_KIND_HTTP1), 100);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->most(), 8u);
  EXPECT_EQ(told->peak(), 40u);
  EXPECT_EQ(told->area(), server_->counts().in_flight_ns - area);
}

TEST_F(RunEngineServer, NobodyIsAskedUnasked) {
  struct Case {
    const char* name;
    std::function<void(v1::Prepare&)> change;
  };
  const Case cases[] = {
      {"not this agent", [](v1::Prepare& prepare) { prepare.set_asks_server(false); }},
      {"where redirects are followed",
       [](v1::Prepare& prepare) {
         prepare.mutable_plan()->mutable_transport()->set_kind(v1::TRANSPORT_KIND_CURL);
         prepare.mutable_plan()->mutable_transport()->set_follow(true);
       }},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    ServeSlowly();
    v1::Prepare prepare = Asking(v1::TRANSPORT_KIND_HTTP1);
    row.change(prepare);
    EXPECT_FALSE(Run(prepare, 20));
  }
}

TEST_F(RunEngineServer, WhereThePlanSaysItIsAskedAndFailuresAreTold) {
  ServeSlowly();
  v1::Prepare prepare = Asking(v1::TRANSPORT_KIND_HTTP1);
  prepare.mutable_plan()->set_server_counts(server_->url() + "/__stats?mine");
  std::optional<v1::ServerCounts> told = Run(prepare, 20);
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->target());
  EXPECT_EQ(told->most(), 8u);
  prepare.mutable_plan()->set_server_counts(server_->url() + "/other");
  told = Run(prepare, 20);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->failure(), "the answer is no JSON object");
  prepare.mutable_plan()->set_server_counts("http://127.0.0.1:1/");
  told = Run(prepare, 20);
  ASSERT_TRUE(told);
  EXPECT_NE(told->failure(), "");
}

}  // namespace
}  // namespace squall
