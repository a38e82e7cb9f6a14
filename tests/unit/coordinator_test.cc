#include "controller/coordinator.h"

#include <cstdio>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/protocol.h"
#include "controller/list_file.h"
#include "controller/standstill.h"
#include "tests/support/fake_fleet.h"

namespace squall {
namespace {

TEST(Coordinator, RecordsExactlyWhatWasAskedOverAnyNumberOfAgents) {
  for (size_t agents = 1; agents <= 7; ++agents) {
    FakeFleet fleet((std::vector<Behaviour>(agents)));
    const auto result = fleet.Run();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->state, RunState::kComplete);
    EXPECT_EQ(result->planned, 10'000u);
    EXPECT_EQ(result->fleet.recorded(), 10'000u);
    uint64_t sum = 0;
    for (const AgentResult& agent : result->agents) {
      sum += agent.metrics.recorded();
      EXPECT_GT(agent.metrics.recorded(), 0u);
    }
    EXPECT_EQ(sum, 10'000u);
  }
}

TEST(Coordinator, StartsNobodyBeforeAllAreReady) {
  FakeFleet fleet({{}, {}, {}});
  ASSERT_TRUE(fleet.Run().ok());
  for (const Heard& heard : fleet.dialer.heard) {
    std::vector<int> kinds;
    for (const auto& message : heard.messages) {
      if (!message.has_ping()) kinds.push_back(message.kind_case());
    }
    ASSERT_GE(kinds.size(), 4u);
    EXPECT_EQ(kinds[0], v1::ControllerMessage::kHello);
    EXPECT_EQ(kinds[1], v1::ControllerMessage::kPrepare);
    EXPECT_EQ(kinds[2], v1::ControllerMessage::kGrant);
    EXPECT_EQ(kinds[3], v1::ControllerMessage::kStart);
  }
  FakeFleet refused({{}, {.refuses_plan = true}});
  EXPECT_FALSE(refused.Run().ok());
  EXPECT_TRUE(refused.NothingSent());
}

TEST(Coordinator, SplitsConcurrencyByCores) {
  FakeFleet fleet({{.cores = 1}, {.cores = 2}, {.cores = 3}});
  auto result = fleet.Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->agents[0].concurrency, 2u);
  EXPECT_EQ(result->agents[1].concurrency, 4u);
  EXPECT_EQ(result->agents[2].concurrency, 6u);

  fleet.plan().set_concurrency(0);
  fleet.dialer.heard.assign(3, {});
  result = fleet.Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->plan.concurrency(), 1u + 1 + 2 + 1 + 3 + 1) << "cores + 1 of each";
}

TEST(Coordinator, SaysWhenFewerAgentsTakePartOrFewerRequestsAreInFlight) {
  FakeFleet fleet({{}, {}, {}});
  fleet.plan().set_concurrency(50);
  fleet.plan().mutable_phases(0)->set_requests(2);
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->state, RunState::kComplete);
  EXPECT_EQ(result->fleet.recorded(), 2u);
  EXPECT_EQ(result->agents[2].concurrency, 0u);
  EXPECT_THAT(result->notes, testing::ElementsAre(testing::HasSubstr("2 instead of 50"),
                                                  testing::HasSubstr("2 of 3 agents")));
}

TEST(Coordinator, SaysWhichAgentsObeyAnybody) {
  FakeFleet one({{}, {.obeys_anybody = true}});
  EXPECT_THAT(one.Run()->notes,
              testing::ElementsAre(
                  "an agent obeys anybody who reaches it (squall agent --insecure): fake"));
  FakeFleet all(std::vector<Behaviour>(12, {.obeys_anybody = true}));
  EXPECT_THAT(all.Run()->notes,
              testing::ElementsAre(testing::HasSubstr("agents obey anybody who reaches them")));
  EXPECT_THAT(FakeFleet({Behaviour()}).Run()->notes, testing::ElementsAre());
}

TEST(Coordinator, SendsTheListWholeInPieces) {
  FakeFleet fleet({{}, {}, {.has_list = true}, {.list_from = kChunkBytes + 5}});
  uint64_t entries = 0;
  std::string text;
  for (; text.size() < 2 * kChunkBytes + 7; ++entries) {
    text += fmt::format("http://127.0.0.1/{}\n", entries);
  }
  const std::string path = testing::TempDir() + fmt::format("coordinator_list_{}", getpid());
  std::ofstream(path) << text;
  fleet.config.order.list = *ListFile::Open(path, "", "");
  std::remove(path.c_str());
  v1::UrlList& urls = *fleet.plan().mutable_urls();
  urls.set_size_bytes(text.size());
  urls.set_entries(entries);
  urls.set_order(v1::ORDER_SHUFFLED);
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok());
  ASSERT_TRUE(result->coverage);
  EXPECT_EQ(result->coverage->listed, entries);
  EXPECT_EQ(result->coverage->distinct, result->planned);
  const auto& heard = fleet.dialer.heard;
  EXPECT_EQ(heard[0].list, text);
  EXPECT_EQ(heard[1].list, text);
  EXPECT_EQ(heard[2].list, "") << "it has it";
  EXPECT_EQ(heard[3].list, text.substr(kChunkBytes + 5)) << "it has the rest";
}

TEST(Coordinator, SendsTheFeederInPiecesAndTheListBesideIt) {
  FakeFleet fleet({{}, {}, {.has_list = true}});
  const std::string text = "http://127.0.0.1/{{col id}}\n";
  const std::string path = testing::TempDir() + fmt::format("coordinator_feeder_{}", getpid());
  std::ofstream(path) << text;
  fleet.config.order.list = *ListFile::Open(path, "", "");
  std::remove(path.c_str());
  std::string& order = fleet.config.order.feeder_text;
  order = "id\n";
  while (order.size() < 2 * kChunkBytes + 7) order += "12345\n";
  const std::string feeder = order;
  fleet.plan().set_templates(true);
  fleet.plan().mutable_urls()->set_size_bytes(text.size());
  fleet.plan().mutable_urls()->set_entries(1);
  fleet.plan().mutable_urls()->set_order(v1::ORDER_SEQUENTIAL);
  fleet.plan().mutable_feeder()->set_size_bytes(feeder.size());
  ASSERT_TRUE(fleet.Run().ok());
  for (const Heard& heard : fleet.dialer.heard) EXPECT_EQ(heard.feeder, feeder);
  EXPECT_EQ(fleet.dialer.heard[0].list, text);
  EXPECT_EQ(fleet.dialer.heard[1].list, text);
  EXPECT_EQ(fleet.dialer.heard[2].list, "");
}

TEST(Coordinator, WaitsForABusyAgent) {
  FakeFleet fleet({{}, {.busy_times = 2}});
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->state, RunState::kComplete);
  EXPECT_EQ(fleet.dialer.heard[1].dialed, 3);
}

TEST(Coordinator, RefusesBeforeTheStartWhatCannotWork) {
  struct Row {
    const char* name;
    Behaviour behaviour;
    const char* words;
  };
  const Row rows[] = {
      {"another version", {.protocol_version = 99}, "version 99"},
      {"no cores", {.cores = 0}, "0 cores"},
      {"all the cores there are", {.cores = UINT32_MAX}, "4294967295 cores"},
      {"a plan it cannot do", {.refuses_plan = true}, "no such thing here"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    FakeFleet fleet({{}, row.behaviour});
    const auto result = fleet.Run();
    ASSERT_FALSE(result.ok());
    EXPECT_THAT(std::string(result.status().message()), testing::HasSubstr(row.words));
    EXPECT_THAT(std::string(result.status().message()), testing::HasSubstr("host-1:7400"));
    EXPECT_TRUE(fleet.NothingSent());
  }
}

std::vector<RunEvent::Kind> KindsOf(const RunResult& result) {
  std::vector<RunEvent::Kind> kinds;
  for (const RunEvent& event : result.events) kinds.push_back(event.kind);
  return kinds;
}

TEST(Coordinator, OthersDoTheWorkOfALostOrLyingAgentWhichIsNamed) {
  struct Row {
    const char* name;
    Behaviour behaviour;
    const char* words;
  };
  const Row rows[] = {
      {"dies", {.dies_after = 1}, "it was started anew"},
      {"numbers of others", {.shift = 5'000}, "not granted"},
      {"a snapshot missing", {.first_sequence = 2}, "snapshot 2 after 0"},
      {"a phase that there is not", {.phase_shift = 1}, "phase 2 of 1"},
      {"an end of its own", {.done_early = true}, "before it was told to"},
      {"a window longer than the run", {.extra_window = 3'600 * kSecond}, "longer than it does"},
      {"more results than numbers", {.wrong_count = true}, "results for"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    for (const bool abort : {false, true}) {
      FakeFleet fleet({{}, row.behaviour});
      fleet.config.abort_on_loss = abort;
      const auto result = fleet.Run();
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(result->state, abort ? RunState::kIncomplete : RunState::kComplete);
      EXPECT_EQ(result->fleet.recorded() == 10'000, !abort);
      ASSERT_FALSE(result->notes.empty());
      EXPECT_THAT(result->notes[0], testing::HasSubstr(row.words));
      EXPECT_THAT(result->notes[0], testing::HasSubstr("host-1:7400"));
      ASSERT_FALSE(result->events.empty());
      EXPECT_EQ(result->events[0].kind, RunEvent::Kind::kLost);
    }
  }
}

TEST(Coordinator, ABrokenStreamIsGoneOnWith) {
  FakeFleet fleet({{.breaks_after = 1}, {.breaks_after = 500}});
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state, RunState::kComplete);
  EXPECT_EQ(result->fleet.recorded(), 10'000u);
  EXPECT_EQ(result->possibly_repeated, 0u);
  EXPECT_THAT(KindsOf(*result),
              testing::ElementsAre(RunEvent::Kind::kResumed, RunEvent::Kind::kResumed));
  uint64_t reported = 0;
  for (const Heard& heard : fleet.dialer.heard) reported += heard.recorded;
  EXPECT_EQ(reported, 10'000u) << "a number was granted twice";
}

TEST(Coordinator, WhoAnswersInAnothersPlaceIsNotGoneOnWith) {
  FakeFleet fleet({{}, {.breaks_after = 1, .is_another = true}});
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state, RunState::kComplete);
  EXPECT_THAT(KindsOf(*result),
              testing::IsSupersetOf({RunEvent::Kind::kLost, RunEvent::Kind::kRegranted}));
  EXPECT_THAT(result->notes[0], testing::HasSubstr("another agent answers"));
}

TEST(Coordinator, TheirConnectionsAreTakenOverAsFarAsLimitsAllow) {
  for (const bool enough : {true, false}) {
    FakeFleet fleet({{.file_limit = enough ? 200u : 64u + 8u}, {.dies_after = 1}});
    fleet.plan().set_concurrency(12);
    const auto result = fleet.Run();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->state, enough ? RunState::kComplete : RunState::kIncomplete);
    std::vector<uint32_t> sizes;
    for (const v1::ControllerMessage& message : fleet.dialer.heard[0].messages) {
      if (message.has_resize()) sizes.push_back(message.resize().concurrency());
    }
    if (enough) {
      EXPECT_THAT(sizes, testing::ElementsAre(12u));
    } else {
      EXPECT_THAT(result->notes[0], testing::HasSubstr("cannot have 12 requests in flight"));
    }
  }
}

// Hours apart: whoever forgets to convert a time is lost.
TEST(Coordinator, ClocksOfAgentsHaveNothingToDoWithEachOther) {
  FakeFleet fleet({{.clock = 3'600 * kSecond}, {.clock = -3'600 * kSecond}, {}});
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state, RunState::kComplete);
  EXPECT_THAT(result->events, testing::IsEmpty());
  ASSERT_TRUE(result->start_spread);
  EXPECT_LT(result->start_spread->spread, kSecond);
  ASSERT_TRUE(result->agents[0].clock);
  EXPECT_NEAR(static_cast<double>(result->agents[0].clock->offset), 3.6e12, 1e8);
  EXPECT_NEAR(static_cast<double>(result->agents[1].clock->offset), -3.6e12, 1e8);
  EXPECT_LT(result->agents[0].clock->error, kSecond / 10);
}

TEST(Coordinator, TheOnlyAgentsOwnEndIsNoCompleteRun) {
  FakeFleet fleet(std::vector<Behaviour>{{.done_early = true}});
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->state, RunState::kIncomplete);
  EXPECT_LT(result->fleet.recorded(), result->planned);
}

TEST(Coordinator, AScriptThatStopsAnAgentsWorkersEndsTheRun) {
  FakeFleet fleet({{}, {.script_stops = true}});
  const auto result = fleet.Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state, RunState::kIncomplete);
  EXPECT_LT(result->fleet.recorded(), result->planned);
  EXPECT_THAT(result->events, testing::IsEmpty()) << "nobody is lost";
  EXPECT_THAT(result->notes,
              testing::Contains(testing::HasSubstr(
                  "all workers of agent fake (host-1:7400) have called thread:stop()")));
}

TEST(Standstill, OnlyALongStepIsOurOwn) {
  Standstill standstill(100 * kSecond);
  EXPECT_EQ(standstill.Look(101 * kSecond), 0);
  EXPECT_EQ(standstill.Look(103 * kSecond), 0);
  EXPECT_EQ(standstill.Look(115 * kSecond), 12 * kSecond);
  EXPECT_EQ(standstill.Look(115 * kSecond), 0);
}

TEST(Coordinator, InterruptedBeforeTheStartSendsNothing) {
  FakeFleet fleet(std::vector<Behaviour>(1));
  Progress progress(stderr, Progress::Mode::kQuiet, {});
  Coordinator coordinator(fleet.dialer, progress);
  coordinator.Interrupt();
  EXPECT_TRUE(absl::IsCancelled(coordinator.Run(fleet.config).status()));
  EXPECT_TRUE(fleet.NothingSent());
}

TEST(Coordinator, AWarmUpUsesUpNoNumberAndIsToldApart) {
  for (const uint64_t requests : {uint64_t{1}, uint64_t{3}, uint64_t{10'000}}) {
    SCOPED_TRACE(requests);
    FakeFleet fleet({{}, {}, {}});
    fleet.plan().mutable_phases(0)->set_requests(requests);
    fleet.WarmUp(100 * kMillisecond);
    const auto result = fleet.Run();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->state, RunState::kComplete);
    EXPECT_EQ(result->planned, requests);
    EXPECT_EQ(result->fleet.recorded(), requests);
    EXPECT_EQ(result->plan.concurrency(), 12u) << "the warm-up has use for it";
    uint64_t reported = 0;
    for (const Heard& heard : fleet.dialer.heard) reported += heard.recorded;
    ASSERT_TRUE(result->warm_up);
    EXPECT_EQ(result->warm_up->recorded, reported - requests);
    EXPECT_GT(result->warm_up->recorded, 0u);
    EXPECT_EQ(result->warm_up->failed, 0u);
    EXPECT_LE(result->warm_up->duration, 100 * kMillisecond);
  }
}

TEST(Coordinator, GrantsNumbersOfAllPhasesBeforeTheStart) {
  FakeFleet fleet({{}, {}});
  fleet.WarmUp(100 * kMillisecond);
  ASSERT_TRUE(fleet.Run().ok());
  for (const Heard& heard : fleet.dialer.heard) {
    std::vector<uint32_t> phases;
    for (const v1::ControllerMessage& message : heard.messages) {
      if (message.has_start()) break;
      if (message.has_grant()) phases.push_back(message.grant().phase());
    }
    EXPECT_THAT(phases, testing::ElementsAre(0, 1));
  }
}

TEST(Coordinator, EitherEndIsACompleteRun) {
  struct Row {
    const char* name;
    Behaviour behaviour;
    Nanos duration;
    bool all;
  };
  const Row rows[] = {
      {"all requests done before the time is over", {}, 3'600 * kSecond, true},
      {"the time is over before", {.done_early = true}, kMillisecond, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    FakeFleet fleet({row.behaviour});
    fleet.plan().mutable_phases(0)->set_duration_ns(row.duration);
    const auto result = fleet.Run();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->state, RunState::kComplete);
    EXPECT_EQ(result->planned, result->fleet.recorded());
    EXPECT_EQ(result->fleet.recorded() == 10'000, row.all);
  }
}

}  // namespace
}  // namespace squall
