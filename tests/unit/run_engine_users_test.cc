// Workers whose numbers are users of a script.
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/run_engine_support.h"

namespace squall {
namespace {

using ::testing::HasSubstr;

class RunEngineUsersTest : public RunEngineTest {
 protected:
  // Users of a script in which user(u) is `body`.
  static v1::Prepare WithUsers(v1::Prepare prepare, const std::string& body) {
    prepare.mutable_plan()->set_users(true);
    prepare.mutable_plan()->mutable_script()->set_name("test.lua");
    prepare.mutable_plan()->mutable_script()->set_text("function user(u)\n" + body + "\nend");
    return prepare;
  }

  void MakeLimited(const v1::Prepare& prepare, uint32_t threads, uint64_t connections) {
    Policy::Limits limits;
    limits.connections.most = connections;
    policy_ = Policy({}, limits);
    Make(prepare, threads);
  }

  // Snapshots until so many flows are held.
  void Hold(uint64_t count) {
    const bool all = Eventually([&] {
      const RunEngine::Collected collected = Snapshot();
      EXPECT_TRUE(collected.status.ok()) << collected.status;
      for (const v1::Snapshot& snapshot : collected.snapshots) {
        const auto runs = RunsFromProto(snapshot.held());
        EXPECT_TRUE(runs.ok());
        held_ += Total(*runs);
        flows_.Merge(*Metrics::FromProto(snapshot.metrics()));
        for (const v1::RequestMetrics& of : snapshot.requests()) {
          const auto metrics = Metrics::FromProto(of.metrics());
          EXPECT_TRUE(metrics.ok()) << metrics.status();
          steps_[of.name()].Merge(*metrics);
        }
      }
      EXPECT_EQ(flows_.recorded(), held_) << "a flow is recorded as its number is held";
      return held_ >= count;
    });
    EXPECT_TRUE(all) << held_;
  }

  uint64_t held_ = 0;
  Metrics flows_;
  std::map<std::string, Metrics> steps_;
};

TEST_F(RunEngineUsersTest, AFlowIsOneNumber) {
  Serve();
  Make(WithUsers(Prepare(8),
                 "http.get('/a', {name = 'login'}) sleep(0.001)\n"
                 "for i = 1, 3 do http.get('/items/' .. i, {name = 'item'}) end"),
       2);
  Start();
  Grant(0, {{0, 1, 500}}, true);
  Hold(500);
  EXPECT_EQ(flows_.succeeded, 500u);
  EXPECT_EQ(flows_.failed, 0u);
  ASSERT_EQ(steps_.size(), 2u);
  EXPECT_EQ(steps_["login"].succeeded, 500u);
  EXPECT_EQ(steps_["item"].succeeded, 1'500u);
  EXPECT_EQ(server_->counts().requests, 2'000u);
  EXPECT_EQ(flows_.bytes_received, steps_["login"].bytes_received + steps_["item"].bytes_received);
  EXPECT_EQ(flows_.connections, steps_["login"].connections + steps_["item"].connections);
}

TEST_F(RunEngineUsersTest, ThinkTimeIsNoServiceTimeAndNoConnection) {
  Serve();
  MakeLimited(WithUsers(Prepare(400), "http.get('/') sleep(0.4) http.get('/')"), 2, 6);
  const Nanos began = SteadyNow();
  Start();
  Grant(0, {{0, 1, 800}}, true);
  Hold(800);
  EXPECT_GE(SteadyNow() - began, 800 * kMillisecond) << "two after each other";
  EXPECT_EQ(flows_.succeeded, 800u);
  EXPECT_LT(flows_.success_service.Quantile(0.5), 400'000'000u);
  EXPECT_LE(server_->counts().peak_connections, 6u);
  EXPECT_EQ(server_->counts().requests, 1'600u);
}

TEST_F(RunEngineUsersTest, UsersHaveAllConnectionsThatTheyMayHaveAndNoMore) {
  for (const uint64_t most : {1u, 3u}) {
    SCOPED_TRACE(most);
    target::Options options;
    options.delay = absl::Milliseconds(2);
    Serve(options);
    MakeLimited(WithUsers(Prepare(20), "http.get('/', {name = 'all'})"), 2, most);
    Start();
    Grant(0, {{0, 1, 100}}, true);
    held_ = 0;
    flows_.Clear();
    steps_.clear();
    Hold(100);
    EXPECT_EQ(server_->counts().peak_connections, most);
    EXPECT_EQ(flows_.succeeded, 100u);
    EXPECT_GE(steps_["all"].waited, 50u);
  }
}

TEST_F(RunEngineUsersTest, FlowsFailByWhatWentWrongFirst) {
  target::Options options;
  options.status = 404;
  Serve(options);
  Make(WithUsers(Prepare(4),
                 "local kind = u.id % 5\n"
                 "http.get('/', {expect = 404, name = 'expected'})\n"
                 "if kind == 1 then error('no such thing') end\n"
                 "if kind == 2 then check(false, 'never') error('later') end\n"
                 "local r = http.get('/', {name = 'gone',\n"
                 "  expect = kind == 3 and {200, 404} or nil})\n"
                 "check(r.ok == (kind == 3) and r.status == 404, 'as it came')"),
       2);
  Start();
  Grant(0, {{0, 1, 500}}, true);
  Hold(500);
  EXPECT_EQ(flows_.failures[v1::FAILURE_KIND_SCRIPT], 100u);
  EXPECT_EQ(flows_.failures[v1::FAILURE_KIND_CHECK], 100u);
  EXPECT_EQ(flows_.failed_statuses[404], 200u);
  EXPECT_EQ(flows_.succeeded, 100u);
  EXPECT_EQ(steps_["expected"].succeeded, 500u);
  EXPECT_EQ(steps_["gone"].succeeded, 100u);
  EXPECT_EQ(steps_["gone"].failed_statuses[404], 200u);
  std::string errors;
  for (const Metrics::Sample& sample : flows_.samples) errors += sample.detail + "\n";
  EXPECT_THAT(errors, HasSubstr("test.lua:4: no such thing"));
  EXPECT_THAT(errors, HasSubstr("test.lua:5: never"));
}

TEST_F(RunEngineUsersTest, AFlowWithoutARequestIsAFailure) {
  Serve();
  Make(WithUsers(Prepare(4), "if u.id % 2 == 0 then http.get('/') end"), 1);
  Start();
  Grant(0, {{0, 1, 1'000}}, true);
  Hold(1'000);
  EXPECT_EQ(flows_.succeeded, 500u);
  EXPECT_EQ(flows_.failures[v1::FAILURE_KIND_SCRIPT], 500u);
}

TEST_F(RunEngineUsersTest, WhoeverSleepsAtTheEndIsCutOff) {
  Serve();
  Make(WithUsers(Prepare(10), "http.get('/') if u.id >= 5 then sleep(3600) end"), 2);
  Start();
  Grant(0, {{0, 1, 10}}, true);
  Hold(5);
  engine_->Stop(SteadyNow() + 100 * kMillisecond);
  Hold(10);
  EXPECT_EQ(held_, 10u);
  EXPECT_EQ(flows_.succeeded, 5u);
  EXPECT_EQ(flows_.failures[v1::FAILURE_KIND_CUT_OFF], 5u);
  EXPECT_TRUE(Snapshot().finished);
}

TEST_F(RunEngineUsersTest, NothingIsSentWithoutALease) {
  Serve();
  Make(WithUsers(Prepare(4), "for i = 1, 1000 do http.get('/') sleep(0.005) end"), 2);
  const Nanos until = SteadyNow() + 200 * kMillisecond;
  Start(SteadyNow(), until);
  Grant(0, {{0, 1, 4}}, true);
  SleepUntil(until + 100 * kMillisecond);
  const uint64_t before = server_->counts().requests;
  EXPECT_GT(before, 4u);
  SleepUntil(until + 300 * kMillisecond);
  EXPECT_EQ(server_->counts().requests, before);
  engine_->RenewLease(kForever);
  EXPECT_TRUE(Eventually([&] { return server_->counts().requests >= before + 20; }));
}

TEST_F(RunEngineUsersTest, NewUsersBeginAtARate) {
  Serve();
  v1::Prepare prepare = WithUsers(Prepare(1'000), "http.get('/') sleep(0.3) http.get('/')");
  SetRate(prepare, 0, 500);
  Make(prepare, 2);
  const Nanos began = SteadyNow();
  Start();
  Grant(0, {{0, 1, 500}}, true);
  Hold(500);
  EXPECT_GE(SteadyNow() - began, 1'250 * kMillisecond);
  EXPECT_EQ(flows_.succeeded, 500u);
  EXPECT_TRUE(flows_.open_loop());
  EXPECT_LT(flows_.success_response.Quantile(0.5), 300'000'000u) << "without think time";
}

TEST_F(RunEngineUsersTest, AUserThatNeverWaitsIsNotAlone) {
  Serve();
  Make(WithUsers(Prepare(2), "http.get('/') if u.id == 0 then while true do sleep(0) end end"), 1);
  Start();
  Grant(0, {{0, 1, 100}}, true);
  Hold(99);
  engine_->Stop(SteadyNow());
  Hold(100);
  EXPECT_EQ(flows_.failures[v1::FAILURE_KIND_CUT_OFF], 1u);
}

TEST_F(RunEngineUsersTest, APlanSaysWhetherThereAreUsers) {
  Serve();
  v1::Prepare prepare = WithUsers(Prepare(2), "http.get('/')");
  prepare.mutable_plan()->set_users(false);
  const auto engine =
      RunEngine::Create(prepare, ListText(), "", 1, Policy(), [](RunEngine::Event) {});
  ASSERT_FALSE(engine.ok());
  EXPECT_THAT(std::string(engine.status().message()), HasSubstr("the script has user()"));
}

}  // namespace
}  // namespace squall
