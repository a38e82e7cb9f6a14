// Workers whose script makes the requests.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/decoded_metrics.h"
#include "tests/unit/run_engine_support.h"

namespace squall {
namespace {

v1::Prepare WithScript(v1::Prepare prepare, const std::string& text) {
  prepare.mutable_plan()->mutable_script()->set_name("test.lua");
  prepare.mutable_plan()->mutable_script()->set_text(text);
  return prepare;
}

TEST_F(RunEngineTest, AStoppedWorkersNumbersGoToOthers) {
  Serve();
  Make(WithScript(Prepare(4),
                  "function setup(thread) count = (count or 0) + 1 thread:set('id', count) end "
                  "function response() if id == 1 then wrk.thread:stop() end end"),
       2);
  Start();
  Grant(0, {{0, 1, 2'000}}, true);
  EXPECT_EQ(Total(HoldAll(2'000)), 2'000u);
  EXPECT_EQ(server_->counts().requests, 2'000u);
  for (const v1::Snapshot& snapshot : Snapshot().snapshots) {
    EXPECT_FALSE(snapshot.script_stopped()) << "one is at work";
  }
}

TEST_F(RunEngineTest, SaysWhenAScriptHasStoppedAllWorkers) {
  Serve();
  Make(WithScript(Prepare(4), "function response() wrk.thread:stop() end"), 2);
  Start();
  Grant(0, {{0, 1, 2'000}}, true);
  bool stopped = false;
  uint64_t held = 0;
  for (const Nanos end = SteadyNow() + kDeadline; !stopped && SteadyNow() < end;) {
    for (const v1::Snapshot& snapshot : Snapshot().snapshots) {
      stopped = stopped || snapshot.script_stopped();
      held += snapshot.metrics().succeeded();
    }
  }
  EXPECT_TRUE(stopped);
  EXPECT_GE(held, 2u);
  EXPECT_LE(held, 4u) << "what was in flight";
}

TEST_F(RunEngineTest, SlotsRestForADelay) {
  Serve();
  Make(WithScript(Prepare(3), "function delay() return 50 end"), 1);
  const Nanos began = SteadyNow();
  Start();
  Grant(0, {{0, 1, 9}}, true);
  EXPECT_EQ(Total(HoldAll(9)), 9u);
  EXPECT_GE(SteadyNow() - began, 150 * kMillisecond) << "three rests of three slots";
}

TEST_F(RunEngineTest, AScriptThatMakesNoRequestIsACountedFailure) {
  Serve();
  Make(WithScript(Prepare(2),
                  "function request(n) if n > 9 then error('no more') end return "
                  "wrk.format() end"),
       1);
  Start();
  Grant(0, {{0, 1, 100}}, true);
  Metrics all;
  while (all.recorded() < 100) {
    for (const v1::Snapshot& snapshot : Snapshot().snapshots)
      all.Merge(*DecodedMetrics::Of(snapshot.metrics()));
  }
  EXPECT_EQ(all.succeeded, 10u);
  EXPECT_EQ(all.failures[v1::FAILURE_KIND_SCRIPT], 90u);
  ASSERT_FALSE(all.samples.empty());
  EXPECT_THAT(all.samples[0].detail, ::testing::HasSubstr("test.lua:1: no more"));
  EXPECT_EQ(server_->counts().requests, 10u);
}

TEST_F(RunEngineTest, AnAgentTriesAScriptItself) {
  Serve();
  const v1::Prepare prepare = WithScript(Prepare(2), "function request() return 'x' end");
  const auto engine =
      RunEngine::Create(prepare, ListText(), "", 1, Policy(), [](RunEngine::Event) {});
  ASSERT_FALSE(engine.ok());
  EXPECT_TRUE(absl::IsInvalidArgument(engine.status()));
  EXPECT_THAT(std::string(engine.status().message()),
              ::testing::HasSubstr("no request of HTTP/1.1"));
}

}  // namespace
}  // namespace squall
