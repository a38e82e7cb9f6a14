#include "controller/coordinator.h"

#include <cstdio>
#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/protocol.h"
#include "controller/standstill.h"

namespace squall {
namespace {

// How a fake agent differs from a good one.
struct Behaviour {
  uint32_t protocol_version = kProtocolVersion;
  uint32_t cores = 2;
  int busy_times = 0;  // answers busy to the first Hellos
  bool refuses_plan = false;
  uint64_t dies_after = UINT64_MAX;  // results
  uint64_t shift = 0;                // added to the numbers it reports
  uint64_t first_sequence = 1;
  bool done_early = false;   // says Done after its first snapshot
  Nanos extra_window = 0;    // by which its window is too long
  bool wrong_count = false;  // says more results than numbers
};

// What the controller told one agent, over all attempts.
struct Heard {
  std::vector<v1::ControllerMessage> messages;
  std::string list;
  uint64_t recorded = 0;
  int dialed = 0;
};

// An agent that answers at once, on the coordinator's own thread.
class FakeLink final : public AgentLink {
 public:
  FakeLink(const Behaviour& behaviour, Heard& heard, std::function<void(FleetNews)> events)
      : behaviour_(behaviour), heard_(heard), events_(std::move(events)) {}

  void Send(v1::ControllerMessage message) override {
    if (closed_) return;
    heard_.messages.push_back(message);
    if (message.has_hello()) OnHello();
    if (message.has_prepare()) OnPrepare(message.prepare());
    if (message.has_data()) OnData(message.data());
    if (message.has_grant()) OnGrant(message.grant());
    if (message.has_start()) {
      running_ = true;
      Report();
    }
    if (message.has_stop()) {
      v1::AgentMessage done;
      done.mutable_done();
      Say(done);
      Close(absl::OkStatus());
    }
  }

 private:
  void Say(const v1::AgentMessage& message) { events_(AgentSaid{message}); }
  void Close(const absl::Status& status) {
    closed_ = true;
    events_(AgentClosed{status});
  }

  void Fail(v1::Failed::Code code, const std::string& text) {
    v1::AgentMessage message;
    message.mutable_failed()->set_code(code);
    message.mutable_failed()->set_message(text);
    Say(message);
    Close(absl::OkStatus());
  }

  void OnHello() {
    if (heard_.dialed <= behaviour_.busy_times) {
      return Fail(v1::Failed::CODE_BUSY, "busy: ann@lab runs it since noon");
    }
    v1::AgentMessage message;
    message.mutable_welcome()->set_protocol_version(behaviour_.protocol_version);
    message.mutable_welcome()->set_name("fake");
    message.mutable_welcome()->mutable_host()->set_cores(behaviour_.cores);
    Say(message);
  }

  void OnPrepare(const v1::Prepare& prepare) {
    if (behaviour_.refuses_plan) return Fail(v1::Failed::CODE_PLAN, "no such thing here");
    expected_ = prepare.plan().urls().size_bytes();
    if (expected_ == 0) return Ready();
    events_(AgentDrained{});
  }

  void OnData(const v1::DataChunk& chunk) {
    heard_.list += chunk.data();
    events_(AgentDrained{});
    if (heard_.list.size() == expected_) Ready();
  }

  void Ready() {
    v1::AgentMessage message;
    message.mutable_ready()->set_workers(1);
    Say(message);
  }

  void OnGrant(const v1::Grant& grant) {
    for (const v1::Span& span : grant.spans()) granted_.push_back({span.first(), span.count()});
    if (running_) Report();
  }

  void Report() {
    std::vector<NumberRun> runs;
    Metrics metrics;
    Outcome good;
    good.status = 200;
    good.bytes_received = 10;
    for (const NumberRun& granted : granted_) {
      runs.push_back({granted.first + behaviour_.shift, granted.count});
      for (uint64_t i = 0; i < granted.count; ++i) {
        metrics.Add(granted.first + i, {.service = kMillisecond}, good);
      }
    }
    granted_.clear();
    if (runs.empty()) return;
    heard_.recorded += metrics.recorded();
    if (behaviour_.wrong_count) metrics.Add(0, {.service = 1}, good);
    v1::AgentMessage message;
    v1::Snapshot& snapshot = *message.mutable_snapshot();
    snapshot.set_sequence(sequence_++ + behaviour_.first_sequence);
    *snapshot.mutable_held() = RunsToProto(runs);
    *snapshot.mutable_metrics() = metrics.ToProto();
    window_ += 20 * kMillisecond;
    snapshot.set_window_ns(window_ + behaviour_.extra_window);
    Say(message);
    if (behaviour_.done_early) {
      v1::AgentMessage done;
      done.mutable_done();
      Say(done);
      closed_ = true;
    }
    if (heard_.recorded >= behaviour_.dies_after) {
      Close(absl::UnavailableError("the line went dead"));
    }
  }

  const Behaviour behaviour_;
  Heard& heard_;
  const std::function<void(FleetNews)> events_;
  std::vector<NumberRun> granted_;
  uint64_t expected_ = 0;
  uint64_t sequence_ = 0;
  Nanos window_ = 0;
  bool running_ = false;
  bool closed_ = false;
};

class FakeDialer final : public Dialer {
 public:
  std::unique_ptr<AgentLink> Dial(const std::string& target,
                                  std::function<void(FleetNews)> events) override {
    const size_t index = std::stoul(target);
    ++heard[index].dialed;
    return std::make_unique<FakeLink>(behaviours[index], heard[index], std::move(events));
  }

  std::vector<Behaviour> behaviours;
  std::vector<Heard> heard;
};

struct Fixture {
  explicit Fixture(std::vector<Behaviour> behaviours) {
    dialer.heard.resize(behaviours.size());
    for (size_t i = 0; i < behaviours.size(); ++i) {
      config.agents.push_back({fmt::format("host-{}:7400", i), std::to_string(i)});
    }
    dialer.behaviours = std::move(behaviours);
    config.run_id = "test";
    config.plan.mutable_request()->set_method("GET");
    config.plan.mutable_request()->set_url("http://127.0.0.1:1/");
    config.plan.mutable_phase()->set_requests(10'000);
    config.plan.mutable_phase()->set_concurrency(12);
    config.plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
    config.plan.mutable_transport()->set_streams(1);
    config.plan.mutable_transport()->set_timeout_ns(kSecond);
  }

  absl::StatusOr<RunResult> Run() {
    Progress progress(stderr, Progress::Mode::kQuiet, {});
    Coordinator coordinator(dialer, progress);
    return coordinator.Run(config);
  }

  // Nobody was granted anything or told to start.
  bool NothingSent() const {
    for (const Heard& heard : dialer.heard) {
      for (const v1::ControllerMessage& message : heard.messages) {
        if (message.has_grant() || message.has_start()) return false;
      }
    }
    return true;
  }

  Muster::Config config;
  FakeDialer dialer;
};

TEST(Coordinator, RecordsExactlyWhatWasAskedOverAnyNumberOfAgents) {
  for (size_t agents = 1; agents <= 7; ++agents) {
    Fixture fixture((std::vector<Behaviour>(agents)));
    const auto result = fixture.Run();
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
  Fixture fixture({{}, {}, {}});
  ASSERT_TRUE(fixture.Run().ok());
  for (const Heard& heard : fixture.dialer.heard) {
    std::vector<int> kinds;
    for (const auto& message : heard.messages) kinds.push_back(message.kind_case());
    ASSERT_GE(kinds.size(), 4u);
    EXPECT_EQ(kinds[0], v1::ControllerMessage::kHello);
    EXPECT_EQ(kinds[1], v1::ControllerMessage::kPrepare);
    EXPECT_EQ(kinds[2], v1::ControllerMessage::kGrant);
    EXPECT_EQ(kinds[3], v1::ControllerMessage::kStart);
  }
  Fixture refused({{}, {.refuses_plan = true}});
  EXPECT_FALSE(refused.Run().ok());
  EXPECT_TRUE(refused.NothingSent());
}

TEST(Coordinator, SplitsConcurrencyByCores) {
  Fixture fixture({{.cores = 1}, {.cores = 2}, {.cores = 3}});
  auto result = fixture.Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->agents[0].concurrency, 2u);
  EXPECT_EQ(result->agents[1].concurrency, 4u);
  EXPECT_EQ(result->agents[2].concurrency, 6u);

  fixture.config.plan.mutable_phase()->set_concurrency(0);
  fixture.dialer.heard.assign(3, {});
  result = fixture.Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->plan.phase().concurrency(), 1u + 1 + 2 + 1 + 3 + 1) << "cores + 1 of each";
}

TEST(Coordinator, SaysWhenFewerAgentsTakePartOrFewerRequestsAreInFlight) {
  Fixture fixture({{}, {}, {}});
  fixture.config.plan.mutable_phase()->set_concurrency(50);
  fixture.config.plan.mutable_phase()->set_requests(2);
  const auto result = fixture.Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->state, RunState::kComplete);
  EXPECT_EQ(result->fleet.recorded(), 2u);
  EXPECT_EQ(result->agents[2].concurrency, 0u);
  EXPECT_THAT(result->notes, testing::ElementsAre(testing::HasSubstr("2 instead of 50"),
                                                  testing::HasSubstr("2 of 3 agents")));
}

TEST(Coordinator, SendsTheListWholeInPieces) {
  Fixture fixture({{}, {}});
  for (int i = 0; fixture.config.list_text.size() < 2 * kChunkBytes + 7; ++i) {
    fixture.config.list_text += fmt::format("http://127.0.0.1/{}\n", i);
  }
  v1::UrlList& urls = *fixture.config.plan.mutable_urls();
  urls.set_size_bytes(fixture.config.list_text.size());
  ASSERT_TRUE(fixture.Run().ok());
  for (const Heard& heard : fixture.dialer.heard) {
    EXPECT_EQ(heard.list, fixture.config.list_text);
  }
}

TEST(Coordinator, WaitsForABusyAgent) {
  Fixture fixture({{}, {.busy_times = 2}});
  const auto result = fixture.Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->state, RunState::kComplete);
  EXPECT_EQ(fixture.dialer.heard[1].dialed, 3);
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
    Fixture fixture({{}, row.behaviour});
    const auto result = fixture.Run();
    ASSERT_FALSE(result.ok());
    EXPECT_THAT(std::string(result.status().message()), testing::HasSubstr(row.words));
    EXPECT_THAT(std::string(result.status().message()), testing::HasSubstr("host-1:7400"));
    EXPECT_TRUE(fixture.NothingSent());
  }
}

TEST(Coordinator, ALostOrLyingAgentMakesTheRunIncompleteAndIsNamed) {
  struct Row {
    const char* name;
    Behaviour behaviour;
    const char* words;
  };
  const Row rows[] = {
      {"dies", {.dies_after = 1}, "the line went dead"},
      {"numbers of others", {.shift = 5'000}, "not granted"},
      {"a snapshot twice or missing", {.first_sequence = 2}, "snapshot 2 after 0"},
      {"an end of its own", {.done_early = true}, "before it was told to"},
      {"a window longer than the run", {.extra_window = 3'600 * kSecond}, "longer than it does"},
      {"more results than numbers", {.wrong_count = true}, "results for"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Fixture fixture({{}, row.behaviour});
    const auto result = fixture.Run();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->state, RunState::kIncomplete);
    EXPECT_LT(result->fleet.recorded(), 10'000u);
    ASSERT_FALSE(result->notes.empty());
    EXPECT_THAT(result->notes[0], testing::HasSubstr(row.words));
    EXPECT_THAT(result->notes[0], testing::HasSubstr("host-1:7400"));
  }
}

TEST(Coordinator, TheOnlyAgentsOwnEndIsNoCompleteRun) {
  Fixture fixture(std::vector<Behaviour>{{.done_early = true}});
  const auto result = fixture.Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->state, RunState::kIncomplete);
  EXPECT_LT(result->fleet.recorded(), result->planned);
}

TEST(Standstill, OnlyALongStepIsOurOwn) {
  Standstill standstill(100 * kSecond);
  EXPECT_EQ(standstill.Look(101 * kSecond), 0);
  EXPECT_EQ(standstill.Look(103 * kSecond), 0);
  EXPECT_EQ(standstill.Look(115 * kSecond), 12 * kSecond);
  EXPECT_EQ(standstill.Look(115 * kSecond), 0);
}

TEST(Coordinator, InterruptedBeforeTheStartSendsNothing) {
  Fixture fixture(std::vector<Behaviour>(1));
  Progress progress(stderr, Progress::Mode::kQuiet, {});
  Coordinator coordinator(fixture.dialer, progress);
  coordinator.Interrupt();
  EXPECT_TRUE(absl::IsCancelled(coordinator.Run(fixture.config).status()));
  EXPECT_TRUE(fixture.NothingSent());
}

}  // namespace
}  // namespace squall
