// The agent's session with real workers, from Hello to Done, against a server in this process.

#include "agent/session.h"

#include <algorithm>
#include <functional>

#include <gmock/gmock.h>

#include "common/metrics.h"
#include "common/version.h"
#include "target/server.h"
#include "tests/support/raw_server.h"
#include "tests/unit/session_support.h"
#include "tests/unit/target_support.h"

namespace squall {
namespace {

using target::StartServer;
using testing::AckMessage;
using testing::DataMessage;
using testing::DismissMessage;
using testing::FakeController;
using testing::GrantMessage;
using testing::HelloMessage;
using testing::PrepareMessage;
using testing::StartMessage;
using testing::StopMessage;

constexpr Nanos kPatience = 20 * kSecond;
const absl::Duration kNever = absl::Seconds(120);  // longer than any test waits

const testing::RawAnswer kAnswer{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
const testing::RawAnswer kHang{.bytes = "", .then = testing::RawAnswer::Then::kSilence};

void WaitUntil(const std::function<bool()>& condition) {
  const Nanos deadline = SteadyNow() + kPatience;
  while (!condition()) {
    ASSERT_LT(SteadyNow(), deadline) << "it never comes to that";
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// What the snapshots of one run come to; checks each against the ones before.
class Tally {
 public:
  void Add(const v1::Snapshot& snapshot) {
    EXPECT_EQ(snapshot.sequence(), ++sequence_);
    const auto runs = RunsFromProto(snapshot.held());
    const auto metrics = Metrics::FromProto(snapshot.metrics());
    ASSERT_TRUE(runs.ok()) << runs.status();
    ASSERT_TRUE(metrics.ok()) << metrics.status();
    uint64_t count = 0;
    for (const Span& run : *runs) {
      count += run.count;
      for (uint64_t i = 0; i < run.count; ++i) numbers_.push_back(run.first + i * run.stride);
    }
    EXPECT_EQ(metrics->recorded(), count) << "snapshot " << sequence_;
    EXPECT_GE(snapshot.window_ns(), window_) << "snapshot " << sequence_;
    window_ = snapshot.window_ns();
    metrics_.Merge(*metrics);
  }

  uint64_t sequence() const { return sequence_; }
  Nanos window() const { return window_; }
  const Metrics& metrics() const { return metrics_; }
  uint64_t cut_off() const { return metrics_.failures[v1::FAILURE_KIND_CUT_OFF]; }
  // Rising.
  std::vector<uint64_t> numbers() const {
    std::vector<uint64_t> sorted = numbers_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

 private:
  uint64_t sequence_ = 0;
  Nanos window_ = 0;
  Metrics metrics_;
  std::vector<uint64_t> numbers_;
};

// Adds snapshots up to Done, which must be the end.
void HearToDone(FakeController& controller, Tally& tally) {
  const std::vector<v1::AgentMessage> messages = controller.HearAll();
  ASSERT_FALSE(messages.empty());
  EXPECT_TRUE(messages.back().has_done()) << messages.back().ShortDebugString();
  for (size_t i = 0; i + 1 < messages.size(); ++i) {
    ASSERT_TRUE(messages[i].has_snapshot()) << messages[i].ShortDebugString();
    tally.Add(messages[i].snapshot());
  }
}

std::vector<uint64_t> NumbersOf(const std::vector<Span>& spans) {
  std::vector<uint64_t> numbers;
  for (const Span& span : spans) {
    for (uint64_t i = 0; i < span.count; ++i) numbers.push_back(span.first + i * span.stride);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST_F(SessionTest, WelcomeTellsWhoTheAgentIs) {
  FakeController controller(session_);
  controller.Say(HelloMessage());
  const v1::Welcome welcome = controller.Hear(Kind::kWelcome).welcome();
  EXPECT_EQ(welcome.protocol_version(), kProtocolVersion);
  EXPECT_EQ(welcome.build(), kVersion);
  EXPECT_EQ(welcome.name(), "under test");
  EXPECT_GE(welcome.host().cores(), 1u);
  EXPECT_NE(welcome.host().os(), "");
  EXPECT_EQ(welcome.host().file_limit(), UINT64_MAX) << "none";
}

TEST_F(SessionTest, ARunHoldsExactlyTheNumbersGrantedAndFreesTheAgent) {
  const auto server = StartServer();
  const std::string list = "# two\n" + server->url() + "/a\n" + server->url() + "/b\n";
  v1::Prepare prepare = ListShare(list, 2);
  prepare.mutable_plan()->set_concurrency(9);
  prepare.set_concurrency(7);

  for (const char* round : {"first", "next"}) {
    SCOPED_TRACE(round);
    server->ClearCounts();
    FakeController controller(session_);
    controller.Say(HelloMessage());
    controller.Hear(Kind::kWelcome);
    controller.Say(PrepareMessage(prepare));
    if (std::string_view(round) == "first") {  // it is kept
      EXPECT_EQ(controller.Hear(Kind::kListWanted).list_wanted().until(), list.size());
      for (const char byte : list) controller.Say(DataMessage(std::string(1, byte)));
    }
    EXPECT_EQ(controller.Hear(Kind::kReady).ready().workers(), 2u);

    const std::vector<Span> early = {{100, 1, 300}, {1'000, 3, 200}};
    const std::vector<Span> late = {{0, 1, 100}, {1'001, 3, 200}, {700, 1, 1}};
    controller.Say(GrantMessage(early));
    const Nanos start = SteadyNow();
    controller.Say(StartMessage());
    Tally tally;
    tally.Add(controller.Hear(Kind::kSnapshot).snapshot());
    controller.Say(AckMessage(1));
    controller.Say(GrantMessage(late, /*exhausted=*/true));
    while (tally.numbers().size() < 801 && !HasFailure()) {
      tally.Add(controller.Hear(Kind::kSnapshot).snapshot());
      controller.Say(AckMessage(tally.sequence()));
    }
    std::vector<Span> granted = early;
    granted.insert(granted.end(), late.begin(), late.end());
    EXPECT_EQ(tally.numbers(), NumbersOf(granted));
    EXPECT_EQ(tally.metrics().succeeded, 801u);
    EXPECT_EQ(tally.metrics().connections, 7u);
    EXPECT_EQ(server->counts().requests, 801u);
    EXPECT_EQ(server->counts().connections, 7u);
    EXPECT_GT(tally.window(), 0);
    EXPECT_LE(tally.window(), controller.heard_at() - start);

    controller.Say(StopMessage(0));
    HearToDone(controller, tally);
    EXPECT_EQ(tally.numbers().size(), 801u) << "nothing after the last one";
  }
}

TEST_F(SessionTest, NewsFromAnEarlierStreamDoNotDisturbTheNextRun) {
  FakeController earlier(session_);
  MakeReady(earlier, Share("http://127.0.0.1:1/", 1));
  earlier.Say(StopMessage(0));
  earlier.Hear(Kind::kDone);
  FakeController next(session_);
  MakeReady(next, Share("http://127.0.0.1:1/", 1));
  earlier.Say(GrantMessage({{0, 1, 0}}));  // which would be the end of the run
  earlier.Close();
  next.Say(StartMessage());
  next.Say(StopMessage(0));
  Tally tally;
  HearToDone(next, tally);
}

TEST_F(SessionTest, UnderADurationItEndsByItself) {
  const auto server = StartServer({.delay = absl::Milliseconds(5)});
  FakeController controller(session_);
  v1::Prepare prepare = Share(server->url() + "/", 4);
  prepare.mutable_plan()->mutable_phases(0)->set_duration_ns(100 * kMillisecond);
  MakeReady(controller, prepare);
  controller.Say(GrantMessage({{0, 1, 1'000'000}}));
  controller.Say(StartMessage());
  Tally tally;
  HearToDone(controller, tally);
  EXPECT_EQ(tally.metrics().succeeded, server->counts().requests);
  EXPECT_GE(tally.metrics().succeeded, 4u);
  ExpectFree();
}

TEST_F(SessionTest, SnapshotsComeEachSecondEvenIfThereIsNothingToTell) {
  const testing::RawServer server({kAnswer, kHang});
  FakeController controller(session_);
  MakeReady(controller, Share(server.Url(), 2));
  controller.Say(GrantMessage({{0, 1, 1'000}}));
  const Nanos start = SteadyNow();
  controller.Say(StartMessage());
  Tally tally;
  for (const Nanos due : {kSecond, 2 * kSecond}) {
    tally.Add(controller.Hear(Kind::kSnapshot).snapshot());
    EXPECT_GE(controller.heard_at() - start, due);
    EXPECT_LT(controller.heard_at() - start, due + 3 * kSecond) << "on a busy machine";
  }
  EXPECT_EQ(tally.metrics().recorded(), 1u);
}

class OneWorkerSession : public SessionTest {
 protected:
  OneWorkerSession() : SessionTest(1) {}
};

// One request hangs, so that the worker is never idle: only its numbers run low, again and again.
TEST_F(OneWorkerSession, SnapshotsComeEarlyWhenNumbersRunLowButNotInAFlood) {
  constexpr uint64_t kRounds = 40;
  const testing::RawServer server({kHang, kAnswer});
  FakeController controller(session_);
  MakeReady(controller, Share(server.Url(), 2));
  const Nanos start = SteadyNow();
  controller.Say(StartMessage());
  Tally tally;
  for (uint64_t round = 1; round <= kRounds && !HasFailure(); ++round) {
    controller.Say(GrantMessage({{8 * round, 1, 8}}));
    tally.Add(controller.Hear(Kind::kSnapshot).snapshot());
    EXPECT_GE(controller.heard_at() - start, static_cast<Nanos>(round) * 5 * kMillisecond);
  }
  EXPECT_LT(controller.heard_at() - start, static_cast<Nanos>(kRounds) * kSecond / 4)
      << "each has waited for the end of its second";
}

TEST_F(SessionTest, StopOrDismissBeforeStartIsTheEndAtOnce) {
  const auto server = StartServer();
  const v1::Prepare prepare = Share(server->url() + "/", 2);
  const struct {
    const char* name;
    std::vector<v1::ControllerMessage> said;  // after Hello
    bool stops;
  } rows[] = {
      {"welcomed", {}, false},
      {"waits for the list", {PrepareMessage(ListShare("http://a/bcd", 1))}, false},
      {"ready", {PrepareMessage(prepare)}, false},
      {"ready and stopped", {PrepareMessage(prepare)}, true},
      {"has numbers", {PrepareMessage(prepare), GrantMessage({{0, 1, 100}})}, true},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    FakeController controller(session_);
    controller.Say(HelloMessage());
    for (const v1::ControllerMessage& message : row.said) controller.Say(message);
    controller.Say(row.stops ? StopMessage(kPatience) : DismissMessage());
    const std::vector<v1::AgentMessage> answers = controller.HearAll();
    ASSERT_FALSE(answers.empty());
    EXPECT_EQ(answers.back().has_done(), row.stops) << answers.back().ShortDebugString();
    ExpectFree();
  }
  EXPECT_EQ(server->counts().connections, 0u);
}

TEST_F(SessionTest, StopWaitsForWhatIsInFlightAndIssuesNothingMore) {
  const auto server = StartServer({.delay = absl::Milliseconds(200)});
  FakeController controller(session_);
  MakeReady(controller, Share(server->url() + "/", 6));
  controller.Say(GrantMessage({{0, 1, 100'000}}));
  controller.Say(StartMessage());
  WaitUntil([&] { return server->counts().in_flight == 6; });
  controller.Say(StopMessage(kPatience));
  controller.Say(GrantMessage({{100'000, 1, 100}}));  // was on its way
  Tally tally;
  HearToDone(controller, tally);
  EXPECT_GE(tally.metrics().succeeded, 6u);
  EXPECT_EQ(tally.metrics().failed, 0u);
  EXPECT_EQ(tally.metrics().succeeded, server->counts().requests);
  ExpectFree();
}

// Whatever comes first ends the wait for requests that hang.
TEST_F(SessionTest, TheEarliestEndOfTheDrainTimeHolds) {
  constexpr Nanos kSoon = 200 * kMillisecond;
  const struct {
    const char* name;
    Nanos duration;            // of the run, from the start
    std::vector<Nanos> drain;  // of each Stop
  } rows[] = {
      {"no time", 0, {0}},
      {"less than no time", 0, {-kSecond}},
      {"some time", 0, {kSoon}},
      {"a second Stop shortens it", 0, {60 * kSecond, 0}},
      {"a second Stop does not lengthen it", 0, {kSoon, 60 * kSecond}},
      {"nor does the end of the duration", 2 * kSoon, {3 * kSoon}},
      {"it ends long after all clocks", 0, {INT64_MAX, 0}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto server = StartServer({.delay = kNever});
    FakeController controller(session_);
    v1::Prepare prepare = Share(server->url() + "/", 4);
    prepare.mutable_plan()->mutable_phases(0)->set_duration_ns(row.duration);
    MakeReady(controller, prepare);
    controller.Say(GrantMessage({{0, 1, 1'000}}));
    controller.Say(StartMessage());
    WaitUntil([&] { return server->counts().in_flight == 4; });
    for (const Nanos drain : row.drain) controller.Say(StopMessage(drain));
    Tally tally;
    HearToDone(controller, tally);
    EXPECT_EQ(tally.cut_off(), 4u);
    EXPECT_EQ(tally.metrics().recorded(), 4u);
    ExpectFree();
  }
}

TEST_F(SessionTest, WithoutItsControllerItSendsNothingMoreAndIsFree) {
  for (const absl::Duration delay : {absl::ZeroDuration(), kNever}) {
    SCOPED_TRACE(absl::FormatDuration(delay));
    const auto server = StartServer({.delay = delay});
    FakeController controller(session_);
    v1::Prepare prepare = Share(server->url() + "/", 4);
    prepare.set_lease_ns(kSecond / 2);
    prepare.set_grace_ns(kSecond);
    prepare.set_snapshot_interval_ns(kSecond / 10);
    MakeReady(controller, prepare);
    controller.Say(GrantMessage({{0, 1, 1'000'000'000}}));
    controller.Say(StartMessage());
    WaitUntil([&] {
      const auto counts = server->counts();
      return counts.requests >= 4 && counts.connections == 4;
    });
    const Nanos closed_at = SteadyNow();
    controller.Close();
    std::this_thread::sleep_for(std::chrono::milliseconds(1'200));
    ExpectFree();
    EXPECT_LT(SteadyNow() - closed_at, 5 * kSecond);
    // The run's workers are gone, but the target may still have to read what they had written. (It
    // reads nothing, not even the end, from a connection that it owes an answer.)
    if (delay != kNever) WaitUntil([&] { return server->counts().open_connections == 0; });
    EXPECT_LT(server->counts().requests, 1'000'000'000u);
    EXPECT_EQ(server->counts().connections, 4u);
  }
}

TEST_F(SessionTest, AnyCommandMayAcknowledge) {
  const auto server = StartServer();
  FakeController controller(session_);
  v1::Prepare prepare = Share(server->url() + "/", 4);
  prepare.set_lease_ns(kSecond / 5);
  prepare.set_grace_ns(2 * kSecond / 5);
  prepare.set_snapshot_interval_ns(kSecond / 25);
  MakeReady(controller, prepare);
  controller.Say(GrantMessage({{0, 1, 4}}));
  controller.Say(StartMessage());
  const Nanos start = SteadyNow();
  Tally tally;
  uint64_t granted = 4;
  while (SteadyNow() < start + 2 * prepare.grace_ns() && !HasFailure()) {
    tally.Add(controller.Hear(Kind::kSnapshot).snapshot());
    v1::ControllerMessage more = GrantMessage({{granted, 1, 4}});
    more.set_acknowledged(tally.sequence());
    controller.Say(more);
    granted += 4;
  }
  controller.Say(StopMessage(kPatience));
  HearToDone(controller, tally);
  EXPECT_GT(tally.numbers().size(), 4u);
}

TEST_F(SessionTest, ItMayQuitInTheMiddleOfARun) {
  const auto server = StartServer({.delay = kNever});
  FakeController controller(session_);
  MakeReady(controller, Share(server->url() + "/", 4));
  controller.Say(GrantMessage({{0, 1, 1'000}}));
  controller.Say(StartMessage());
  WaitUntil([&] { return server->counts().in_flight == 4; });
  QuitAndJoin();
  const v1::Failed failed = controller.Hear(Kind::kFailed).failed();
  EXPECT_EQ(failed.code(), v1::Failed::CODE_INTERNAL);
  EXPECT_EQ(failed.message(), "the agent is shutting down");
  controller.Hear(Kind::KIND_NOT_SET);
}

// A number granted twice has two results, which no snapshot can name.
TEST_F(OneWorkerSession, ANumberGrantedTwiceIsTheControllersFault) {
  const auto server = StartServer();
  FakeController controller(session_);
  MakeReady(controller, Share(server->url() + "/", 2));
  controller.Say(GrantMessage({{3, 1, 1}, {3, 1, 1}}, /*exhausted=*/true));
  controller.Say(StartMessage());
  const v1::Failed failed = controller.Hear(Kind::kFailed).failed();
  EXPECT_EQ(failed.code(), v1::Failed::CODE_PROTOCOL);
  EXPECT_THAT(failed.message(), ::testing::HasSubstr("granted before: number 3 "));
  ExpectFree();
}

}  // namespace
}  // namespace squall
