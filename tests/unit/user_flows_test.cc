// Which users of a worker have a slot, wait for one, or sleep; and what a flow comes to.
#include "agent/user_flows.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flow_result.h"
#include "agent/user_limits.h"
#include "tests/support/outcomes.h"
#include "tests/unit/script_support.h"

namespace squall {
namespace {

using ::testing::ElementsAre;

class UserFlowsTest : public ::testing::Test {
 protected:
  UserFlowsTest() : script_(*testing::Ready(testing::ScriptPlan("function user(u) end"))) {}

  std::vector<uint32_t> Ready(UserFlows& flows, Nanos now) {
    std::vector<uint32_t> ready;
    for (uint32_t user; (user = flows.TakeReady(now)) != UserFlows::kNobody;) ready.push_back(user);
    return ready;
  }

  std::unique_ptr<Script> script_;
};

TEST_F(UserFlowsTest, UsersTakeTurnsForSlots) {
  UserFlows flows(*script_->users(), 2);
  for (uint32_t user = 0; user < 4; ++user) {
    flows.Begin(user);
    flows.Wait(user);
  }
  EXPECT_EQ(flows.begun(), 4u);
  EXPECT_FALSE(flows.Of(0).waited);
  EXPECT_FALSE(flows.Of(1).waited);
  EXPECT_TRUE(flows.Of(2).waited) << "there are two slots, and two users before it";
  EXPECT_TRUE(flows.Of(3).waited);
  ASSERT_EQ(flows.TakeTurn(), 0u);
  const uint32_t slot = flows.TakeSlot(0);
  ASSERT_EQ(flows.TakeTurn(), 1u);
  flows.TakeSlot(1);
  EXPECT_EQ(flows.in_flight(), 2u);
  EXPECT_EQ(flows.TakeTurn(), UserFlows::kNobody) << "no slot is free";
  EXPECT_EQ(flows.UserOf(slot), 0u);
  EXPECT_EQ(flows.FreeSlot(slot), 0u);
  EXPECT_EQ(flows.UserOf(slot), UserFlows::kNobody);
  ASSERT_EQ(flows.TakeTurn(), 2u);
  flows.TakeSlot(2);
  flows.FreeSlot(slot);
  flows.Wait(0);
  EXPECT_TRUE(flows.Of(0).waited) << "another one was there before it";
  ASSERT_EQ(flows.TakeTurn(), 3u);
}

TEST_F(UserFlowsTest, TheEarliestWakesFirst) {
  UserFlows flows(*script_->users(), 1);
  EXPECT_EQ(flows.next(), kForever);
  for (uint32_t user = 0; user < 4; ++user) flows.Begin(user);
  flows.Sleep(0, 100, 30);
  flows.Sleep(1, 100, 10);
  flows.Sleep(2, 100, 20);
  EXPECT_EQ(flows.next(), 110);
  EXPECT_THAT(Ready(flows, 109), ElementsAre());
  EXPECT_THAT(Ready(flows, 120), ElementsAre(1, 2));
  flows.Ready(3);
  EXPECT_THAT(Ready(flows, 129), ElementsAre(3)) << "its answer has come";
  EXPECT_THAT(Ready(flows, 130), ElementsAre(0));
  EXPECT_EQ(flows.next(), kForever);
}

TEST_F(UserFlowsTest, AnEndedUserIsAliveNoMore) {
  UserFlows flows(*script_->users(), 1);
  for (uint32_t user = 0; user < 3; ++user) flows.Begin(user);
  flows.End(1);
  flows.Sleep(0, 0, 5);
  flows.Ready(2);
  std::vector<uint32_t> alive;
  flows.ForEachAlive([&](uint32_t user) { alive.push_back(user); });
  EXPECT_THAT(alive, ElementsAre(0, 2));
  flows.Clear();
  EXPECT_THAT(Ready(flows, kForever - 1), ElementsAre());
}

TEST(FlowResultTest, IsItsFirstFailureOrItsLastAnswer) {
  struct Row {
    const char* name;
    std::vector<Outcome> outcomes;
    v1::FailureKind kind;
    uint32_t status;
    const char* detail;
  };
  Outcome judged = Response(200, "a body");
  judged.judged = v1::FAILURE_KIND_BODY;
  Outcome expected = Response(404);
  expected.judged = v1::FAILURE_KIND_NONE;
  const Row rows[] = {
      {"all well", {Response(200), Response(302)}, v1::FAILURE_KIND_NONE, 302, ""},
      {"a status",
       {Response(200), Response(404, "no"), Response(200)},
       v1::FAILURE_KIND_NONE,
       404,
       "request 2, a step: no"},
      {"two of them",
       {Response(500), Response(404)},
       v1::FAILURE_KIND_NONE,
       500,
       "request 1, a step"},
      {"one that was expected", {expected}, v1::FAILURE_KIND_NONE, 404, ""},
      {"a check of the plan",
       {judged, Response(404)},
       v1::FAILURE_KIND_NONE,
       200,
       "request 1, a step: a body"},
      {"no answer",
       {Failure(v1::FAILURE_KIND_TIMEOUT, "late"), Response(404)},
       v1::FAILURE_KIND_TIMEOUT,
       0,
       "request 1, a step: late"},
      {"no request", {}, v1::FAILURE_KIND_SCRIPT, 0, "user() has ended without a request"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    FlowResult result;
    for (const Outcome& outcome : row.outcomes) result.Add("a step", outcome);
    const Outcome told = result.Tell();
    EXPECT_EQ(told.kind, row.kind);
    EXPECT_EQ(told.status, row.status);
    EXPECT_EQ(told.detail, row.detail);
  }
}

TEST(FlowResultTest, SumsUpAndTellsEachFailure) {
  FlowResult result;
  Outcome outcome = Response(200);
  outcome.bytes_received = 10;
  outcome.bytes_sent = 5;
  outcome.connections = 1;
  EXPECT_EQ(result.Add("login", outcome), "");
  outcome = Response(404, "gone");
  outcome.bytes_received = 7;
  outcome.resent = true;
  EXPECT_EQ(result.Add("item", outcome), "request 2, item: gone");
  EXPECT_EQ(result.Add("item", Response(500)), "request 3, item");
  EXPECT_EQ(result.Add("item", Response(500, std::string(1'000, 'x'))).size(),
            Metrics::kMaxDetailBytes);
  result.Fail(v1::FAILURE_KIND_CHECK, "too late to be the first");
  const Outcome told = result.Tell();
  EXPECT_EQ(told.bytes_received, 17u);
  EXPECT_EQ(told.bytes_sent, 5u);
  EXPECT_EQ(told.connections, 1u);
  EXPECT_TRUE(told.resent);
  EXPECT_EQ(told.status, 404u);
  EXPECT_EQ(told.detail, "request 2, item: gone");
}

TEST(FlowResultTest, WhatIsNoRequestFailsItAsWell) {
  FlowResult result;
  result.Add("a", Response(200));
  result.Fail(v1::FAILURE_KIND_CHECK, "shop.lua:3: never");
  result.Add("b", Response(404));
  EXPECT_EQ(result.Tell().kind, v1::FAILURE_KIND_CHECK);
  EXPECT_EQ(result.Tell().detail, "shop.lua:3: never");
}

TEST(UserLimitsTest, UsersShareWhatConnectionsThereCanBe) {
  struct Row {
    const char* name;
    uint32_t users;
    uint64_t allowed;
    uint64_t files;
    uint64_t ports;
    bool unix_socket;
    uint32_t connections;
  };
  const Row rows[] = {
      {"few users", 10, 0, 1'024, 28'232, false, 10},
      {"few files", 5'000, 0, 1'064, 28'232, false, 1'000},
      {"files that are not known", 5'000, 0, 0, 28'232, false, 5'000},
      {"fewer files than the agent needs", 5'000, 0, 64, 28'232, false, 5'000},
      {"few ports", 100'000, 0, 1'000'000, 28'232, false, 28'232},
      {"a unix socket has none", 100'000, 0, 1'000'000, 28'232, true, 100'000},
      {"an owner's limit", 100, 3, 1'024, 28'232, false, 3},
      {"nothing at all", 100, 0, 1'024, 0, false, 1},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    v1::Plan plan;
    plan.set_concurrency(row.users);
    if (row.unix_socket) plan.mutable_transport()->set_unix_socket("/run/web.sock");
    Policy::Limits limits;
    limits.connections.most = row.allowed;
    EXPECT_EQ(ConnectionsOfUsers(plan, Policy({}, limits), row.files, row.ports), row.connections);
  }
}

}  // namespace
}  // namespace squall
