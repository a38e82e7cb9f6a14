// An agent that is to measure itself: where it sends to, what it refuses, and what it keeps of it.

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "common/ceiling.h"
#include "common/version.h"
#include "target/server.h"
#include "tests/support/raw_server.h"
#include "tests/unit/session_support.h"
#include "tests/unit/target_support.h"

namespace squall {
namespace {

using testing::FakeController;
using testing::GrantMessage;
using ::testing::HasSubstr;
using testing::HelloMessage;
using testing::PrepareMessage;
using testing::StartMessage;
using testing::StopMessage;

std::string Folder() {
  return ::testing::TempDir() + "/session_calibration_" + std::to_string(getpid());
}

// In place of squall: the target is what it says it is.
class SessionCalibration : public SessionTest {
 protected:
  SessionCalibration()
      : SessionTest(Session::Config{.name = "under test",
                                    .threads = 2,
                                    .program = Folder() + "/program",
                                    .state_folder = Folder() + "/state"}) {
    std::filesystem::remove_all(Folder());
    std::filesystem::create_directories(Folder());
  }
  ~SessionCalibration() override { std::filesystem::remove_all(Folder()); }

  // The program says this to its parent, and stays until that is gone.
  static void Program(const std::string& said) {
    const std::string path = Folder() + "/program";
    std::ofstream(path) << "#!/bin/sh\n"
                        << "echo $$ > " << Folder() << "/pid\n"
                        << "echo '" << said << "' >&3\n"
                        << "exec cat <&3 >/dev/null\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  static void TargetAt(const std::string& url) { Program("listening on " + url); }

  static bool ProgramRuns() {
    pid_t pid = 0;
    std::ifstream(Folder() + "/pid") >> pid;
    return pid != 0 && kill(pid, 0) == 0;
  }

  static v1::Prepare Calibrating(const std::string& url) {
    v1::Prepare prepare = Share(url, 3);
    prepare.set_own_target(true);
    v1::Phase& phase = *prepare.mutable_plan()->mutable_phases(0);
    phase.set_requests(0);
    phase.set_duration_ns(kSecond / 5);
    return prepare;
  }

  // From the first word up to the start.
  static void Begin(FakeController& controller, const v1::Prepare& prepare) {
    MakeReady(controller, prepare);
    controller.Say(GrantMessage({{0, 1, 1'000'000'000}}));
    controller.Say(StartMessage());
  }
};

TEST_F(SessionCalibration, SendsToItsOwnTargetAloneAndKeepsWhatItReached) {
  const auto target = target::StartServer();
  const testing::RawServer planned({});
  TargetAt(target->url());
  FakeController controller(session_);
  Begin(controller, Calibrating(planned.Url()));
  uint64_t recorded = 0;
  Nanos window = 0;
  v1::Done done;
  for (const v1::AgentMessage& message : controller.HearAll()) {
    if (message.has_snapshot()) {
      recorded += message.snapshot().metrics().succeeded();
      window = message.snapshot().window_ns();
    }
    if (message.has_done()) done = message.done();
  }
  EXPECT_GT(recorded, 0u);
  EXPECT_EQ(target->counts().requests, recorded);
  EXPECT_EQ(planned.connections(), 0u);
  ASSERT_TRUE(done.has_ceiling());
  const v1::Ceiling& ceiling = done.ceiling();
  EXPECT_TRUE(IsPlausible(ceiling)) << ceiling.DebugString();
  EXPECT_DOUBLE_EQ(ceiling.requests_per_second(),
                   static_cast<double>(recorded) * 1e9 / static_cast<double>(window));
  EXPECT_EQ(ceiling.connections(), 3u);
  EXPECT_EQ(ceiling.version(), kVersion);
  EXPECT_EQ(done.not_kept(), "");
  EXPECT_TRUE(std::filesystem::exists(Folder() + "/state/ceiling.txt"));

  // The next one hears of it.
  FakeController next(session_);
  next.Say(HelloMessage());
  const v1::Welcome welcome = next.Hear(Kind::kWelcome).welcome();
  EXPECT_EQ(welcome.host().ceiling().SerializeAsString(), ceiling.SerializeAsString());
  EXPECT_FALSE(ProgramRuns());
  next.Close();
}

TEST_F(SessionCalibration, AStoppedOneShowsNothing) {
  const auto target = target::StartServer();
  TargetAt(target->url());
  v1::Prepare prepare = Calibrating("http://127.0.0.1:1/");
  prepare.mutable_plan()->mutable_phases(0)->set_duration_ns(100 * kSecond);
  FakeController controller(session_);
  Begin(controller, prepare);
  EXPECT_TRUE(ProgramRuns());
  controller.Hear(Kind::kSnapshot);
  controller.Say(StopMessage(0));
  const std::vector<v1::AgentMessage> rest = controller.HearAll();
  ASSERT_TRUE(!rest.empty() && rest.back().has_done());
  EXPECT_FALSE(rest.back().done().has_ceiling());
  EXPECT_FALSE(std::filesystem::exists(Folder() + "/state"));
  ExpectFree();
  EXPECT_FALSE(ProgramRuns());
}

TEST_F(SessionCalibration, OneWithFailuresShowsNothing) {
  target::Options options;
  options.fail_every = 100;
  const auto target = target::StartServer(options);
  TargetAt(target->url());
  FakeController controller(session_);
  Begin(controller, Calibrating("http://127.0.0.1:1/"));
  const std::vector<v1::AgentMessage> messages = controller.HearAll();
  ASSERT_TRUE(!messages.empty() && messages.back().has_done());
  EXPECT_FALSE(messages.back().done().has_ceiling());
}

TEST_F(SessionCalibration, TheTargetIsGoneWithAControllerThatIs) {
  const auto target = target::StartServer();
  TargetAt(target->url());
  FakeController controller(session_);
  MakeReady(controller, Calibrating("http://127.0.0.1:1/"));
  EXPECT_TRUE(ProgramRuns());
  controller.Close();
  ExpectFree();
  EXPECT_FALSE(ProgramRuns());
}

TEST_F(SessionCalibration, ATargetThatDoesNotComeUpOrIsElsewhereIsRefused) {
  for (const char* said :
       {"", "hello", "listening on http://127.0.0.2:80", "listening on http://10.0.0.1:80",
        "listening on http://127.0.0.1:80 and more", "listening on http://127.0.0.1:80@10.0.0.1"}) {
    SCOPED_TRACE(said);
    Program(said);
    FakeController controller(session_);
    controller.Say(HelloMessage());
    controller.Hear(Kind::kWelcome);
    controller.Say(PrepareMessage(Calibrating("http://127.0.0.1:1/")));
    const v1::Failed failed = controller.Hear(Kind::kFailed).failed();
    EXPECT_EQ(failed.code(), v1::Failed::CODE_INTERNAL);
    EXPECT_THAT(failed.message(), HasSubstr("does not come up"));
    ExpectFree();
    EXPECT_FALSE(ProgramRuns());
  }
  std::filesystem::remove(Folder() + "/program");
  FakeController controller(session_);
  controller.Say(HelloMessage());
  controller.Hear(Kind::kWelcome);
  controller.Say(PrepareMessage(Calibrating("http://127.0.0.1:1/")));
  EXPECT_THAT(controller.Hear(Kind::kFailed).failed().message(), HasSubstr("No such file"));
}

TEST_F(SessionCalibration, RefusesWhatCouldLeadElsewhere) {
  struct Row {
    const char* reason;  // a part of it
    void (*spoil)(v1::Plan&);
  };
  const Row rows[] = {
      {"a list of URLs",
       [](v1::Plan& plan) {
         plan.mutable_urls()->set_size_bytes(10);
         plan.mutable_urls()->set_entries(1);
         plan.mutable_urls()->set_order(v1::ORDER_SEQUENTIAL);
         plan.mutable_urls()->set_sha256(std::string(32, 'x'));
       }},
      {"placeholders", [](v1::Plan& plan) { plan.set_templates(true); }},
      {"plain GET", [](v1::Plan& plan) { plan.mutable_request()->set_method("POST"); }},
      {"plain GET", [](v1::Plan& plan) { plan.mutable_request()->set_body("x"); }},
      {"plain GET", [](v1::Plan& plan) { plan.mutable_request()->set_tag(true); }},
      {"plain GET",
       [](v1::Plan& plan) {
         v1::Header& header = *plan.mutable_request()->add_headers();
         header.set_name("Host");
         header.set_value("elsewhere");
       }},
      {"plain http1",
       [](v1::Plan& plan) { plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_CURL); }},
      {"plain http1",
       [](v1::Plan& plan) {
         plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_CURL);
         plan.mutable_transport()->set_proxy("http://127.0.0.1:3128");
       }},
      {"plain http1",
       [](v1::Plan& plan) { plan.mutable_transport()->set_unix_socket("/tmp/socket"); }},
      {"plain http1",
       [](v1::Plan& plan) {
         plan.mutable_transport()->add_diversions()->set_to_host("127.0.0.2");
       }},
      {"plain http1",
       [](v1::Plan& plan) {
         v1::Resolution& resolution = *plan.mutable_transport()->add_resolutions();
         resolution.set_host("127.0.0.1");
         resolution.set_port(80);
         resolution.add_addresses("127.0.0.2");
       }},
      {"plain http1",
       [](v1::Plan& plan) { plan.mutable_transport()->add_source_addresses("127.0.0.1"); }},
      {"arrival rate",
       [](v1::Plan& plan) {
         v1::Arrivals& arrivals = *plan.mutable_phases(0)->mutable_arrivals();
         arrivals.set_process(v1::ARRIVAL_PROCESS_CONSTANT);
         arrivals.set_rate_nano(1'000'000'000);
       }},
      {"number of requests", [](v1::Plan& plan) { plan.mutable_phases(0)->set_requests(5); }},
  };
  const testing::RawServer elsewhere({});
  for (const Row& row : rows) {
    SCOPED_TRACE(row.reason);
    v1::Prepare prepare = Calibrating(elsewhere.Url());
    row.spoil(*prepare.mutable_plan());
    FakeController controller(session_);
    controller.Say(HelloMessage());
    controller.Hear(Kind::kWelcome);
    controller.Say(PrepareMessage(prepare));
    const v1::Failed failed = controller.Hear(Kind::kFailed).failed();
    EXPECT_EQ(failed.code(), v1::Failed::CODE_PLAN);
    EXPECT_THAT(failed.message(), HasSubstr("own_target"));
    EXPECT_THAT(failed.message(), HasSubstr(row.reason));
  }
  EXPECT_EQ(elsewhere.connections(), 0u);
  ExpectFree();
}

}  // namespace
}  // namespace squall
