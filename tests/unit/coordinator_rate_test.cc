// The coordinator under an arrival rate.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/coordinator.h"
#include "tests/support/fake_fleet.h"

namespace squall {
namespace {

using testing::HasSubstr;

TEST(CoordinatorAtARate, AccountsForEveryNumberOfTheSchedule) {
  struct Row {
    const char* name;
    Behaviour behaviour;  // of each agent
    uint64_t dropped;
    uint64_t unsent;
  };
  const Row rows[] = {
      {"all sent", {}, 0, 0},
      {"some dropped", {.drops_every = 10}, 1'000, 0},
      {"some unsent", {.leaves_every = 100}, 0, 100},
      {"both", {.drops_every = 10, .leaves_every = 15}, 1'000, 333},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    FakeFleet fleet({row.behaviour, row.behaviour, row.behaviour});
    fleet.ArriveAt(100'000);
    const auto result = fleet.Run();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->state, RunState::kComplete);
    EXPECT_EQ(result->planned, 10'000u);
    EXPECT_EQ(result->dropped, row.dropped);
    EXPECT_EQ(result->unsent, row.unsent);
    EXPECT_EQ(result->fleet.recorded(), 10'000u - row.dropped - row.unsent);
    EXPECT_EQ(result->notes.size(), (row.dropped != 0 ? 1u : 0u) + (row.unsent != 0 ? 1u : 0u));
    for (const AgentResult& agent : result->agents) EXPECT_EQ(agent.peak_connections, 7u);
  }
}

TEST(CoordinatorAtARate, SaysWhatWasNotSent) {
  FakeFleet fleet(std::vector<Behaviour>{{.drops_every = 10, .leaves_every = 4}});
  fleet.ArriveAt(100'000);
  fleet.plan().mutable_phases(0)->mutable_arrivals()->set_max_backlog(5);
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->notes,
              testing::ElementsAre(HasSubstr("2000 of 10000 requests were due and not sent"),
                                   HasSubstr("1000 of 10000 requests were dropped: they fell due "
                                             "when 5 others were waiting")));
}

// Grants go by the schedule, not by what has come back: here it takes more than the first ones.
TEST(CoordinatorAtARate, GrantsSecondAfterSecond) {
  FakeFleet fleet({{.cores = 1}, {.cores = 3}});
  fleet.ArriveAt(1'700);
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state, RunState::kComplete);
  EXPECT_EQ(result->fleet.recorded(), 10'000u);
  EXPECT_NEAR(static_cast<double>(result->agents[0].metrics.recorded()), 2'500, 10);
  for (const v1::ControllerMessage& message : fleet.dialer.heard[1].messages) {
    for (const v1::Span& span : message.grant().spans()) EXPECT_EQ(span.stride(), 4u);
  }
}

TEST(CoordinatorAtARate, AnAgentThatEndsWithoutAccountingForAllIsNotComplete) {
  FakeFleet fleet(std::vector<Behaviour>{{.done_early = true}});
  fleet.ArriveAt(1'000);
  fleet.plan().mutable_phases(0)->set_duration_ns(9 * kSecond);
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state, RunState::kIncomplete);
  EXPECT_EQ(result->planned, 9'000u);
  EXPECT_LT(result->fleet.recorded(), 9'000u);
}

TEST(CoordinatorAtARate, ConcurrencyIsABoundThatLimitsDecide) {
  struct Row {
    const char* name;
    uint32_t asked;
    std::vector<Behaviour> agents;
    std::vector<uint32_t> shares;
  };
  const Row rows[] = {
      {"no limit is known", 0, {{}, {}}, {10'000, 10'000}},
      {"limits of files", 0, {{.file_limit = 1'064}, {.file_limit = 1 << 20}}, {1'000, 10'000}},
      {"hardly a file", 0, {{.file_limit = 3}}, {1}},
      {"asked for", 30, {{.cores = 1}, {.cores = 2}}, {10, 20}},
      {"more than there are requests", 20'000, {{}, {}}, {10'000, 10'000}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    FakeFleet fleet(row.agents);
    fleet.ArriveAt(100'000);
    fleet.plan().set_concurrency(row.asked);
    const auto result = fleet.Run();
    ASSERT_TRUE(result.ok()) << result.status();
    uint32_t sum = 0;
    for (size_t i = 0; i < row.shares.size(); ++i) {
      EXPECT_EQ(result->agents[i].concurrency, row.shares[i]);
      sum += row.shares[i];
    }
    EXPECT_EQ(result->plan.concurrency(), sum);
  }
}

}  // namespace
}  // namespace squall
