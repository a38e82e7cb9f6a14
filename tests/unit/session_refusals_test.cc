// What the agent's session answers to controllers that break the protocol or ask for what cannot be
// done, and to those who come while it is busy. It must be free again for the next one each time.

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/unit/session_support.h"

namespace squall {
namespace {

using testing::AckMessage;
using testing::DataMessage;
using testing::FakeController;
using testing::GrantMessage;
using ::testing::HasSubstr;
using testing::HelloMessage;
using testing::PrepareMessage;
using testing::StartMessage;
using testing::StopMessage;

using Messages = std::vector<v1::ControllerMessage>;

struct Row {
  const char* name;
  Messages said;
  v1::Failed::Code code;
  const char* reason;  // a part of it
  bool waits = false;  // until the list is wanted, before it sends any of it
};

class SessionRefusals : public SessionTest {
 protected:
  // Everything is said at once; the answers must end in that one failure.
  void Check(const Row& row) {
    SCOPED_TRACE(row.name);
    FakeController controller(session_);
    bool asked = false;  // for a list
    for (const v1::ControllerMessage& message : row.said) {
      // A list that is told of is waited for to be wanted, and nothing else.
      if (message.has_data() && row.waits && !std::exchange(asked, true)) {
        controller.Hear(Kind::kWelcome);
        controller.Hear(Kind::kListWanted);
      }
      controller.Say(message);
    }
    const std::vector<v1::AgentMessage> answers = controller.HearAll();
    if (answers.empty() || !answers.back().has_failed()) {
      ADD_FAILURE() << "it was not refused";
      return controller.Close();
    }
    const v1::Failed& failed = answers.back().failed();
    EXPECT_EQ(failed.code(), row.code) << failed.ShortDebugString();
    EXPECT_THAT(failed.message(), HasSubstr(row.reason));
    EXPECT_EQ(std::count_if(answers.begin(), answers.end(),
                            [](const auto& answer) { return answer.has_failed(); }),
              1);
    ExpectFree();
  }

  // A row whose plan is a good one but for what `spoil` does.
  static Row Plan(const char* name, const char* reason, void (*spoil)(v1::Prepare&)) {
    v1::Prepare prepare = Share(kUrl, 1);
    spoil(prepare);
    return {name, {HelloMessage(), PrepareMessage(prepare)}, v1::Failed::CODE_PLAN, reason};
  }

  // A row that sends `text` where one URL is announced.
  static Row List(const char* name, const char* reason, const std::string& text) {
    return {name,
            {HelloMessage(), PrepareMessage(ListShare(text, 1)), DataMessage(text)},
            v1::Failed::CODE_PLAN,
            reason,
            true};
  }

  // A row that sends `text` where `announced` is.
  static Row OtherList(const char* name, const char* reason, const std::string& announced,
                       const std::string& text) {
    return {name,
            {HelloMessage(), PrepareMessage(ListShare(announced, 1)), DataMessage(text)},
            v1::Failed::CODE_PLAN,
            reason,
            true};
  }

  static constexpr char kUrl[] = "http://127.0.0.1:1/";  // nothing is ever sent there
};

TEST_F(SessionRefusals, MessagesOutOfOrderOrMalformed) {
  const v1::ControllerMessage hello = HelloMessage();
  const v1::ControllerMessage prepare = PrepareMessage(Share(kUrl, 1));
  const v1::ControllerMessage list = PrepareMessage(ListShare("http://a/bcd", 1));
  v1::ControllerMessage packed = DataMessage("http://a/bcd");
  packed.mutable_data()->set_compression(v1::COMPRESSION_ZSTD);
  v1::Prepare fed = Share("http://127.0.0.1:1/{{col id}}", 1);
  fed.mutable_plan()->set_templates(true);
  fed.mutable_plan()->mutable_feeder()->set_size_bytes(5);
  fed.mutable_plan()->mutable_feeder()->set_rows(1);
  fed.mutable_plan()->mutable_feeder()->set_order(v1::ORDER_SEQUENTIAL);
  fed.mutable_plan()->mutable_feeder()->set_name("f.csv");
  const auto feeder = [](std::string data) {
    v1::ControllerMessage message;
    message.mutable_feeder()->set_data(std::move(data));
    return message;
  };
  const v1::ControllerMessage grant = GrantMessage({{0, 1, 10}});
  const v1::ControllerMessage start = StartMessage();
  const v1::ControllerMessage no_kind;
  v1::ControllerMessage acknowledging = GrantMessage({{0, 1, 9}});
  acknowledging.set_acknowledged(9);
  v1::ControllerMessage later = grant;
  later.set_command(3);
  v1::ControllerMessage tomorrow = start;
  tomorrow.mutable_start()->set_at_ns(SteadyNow() + 86'400 * kSecond);
  const auto resize = [](uint32_t concurrency) {
    v1::ControllerMessage message;
    message.mutable_resize()->set_concurrency(concurrency);
    return message;
  };
  v1::Prepare tagged = Share(kUrl, 1);
  tagged.mutable_plan()->mutable_request()->set_tag(true);
  tagged.set_run_id("x\r\nCookie: y");
  constexpr uint64_t kTooLarge = uint64_t{1} << 63;

  constexpr v1::Failed::Code kProtocol = v1::Failed::CODE_PROTOCOL;
  const char* const kHelloFirst = "first message must be Hello";
  const Row rows[] = {
      {"Prepare first", {prepare}, kProtocol, kHelloFirst},
      {"DataChunk first", {DataMessage("a")}, kProtocol, kHelloFirst},
      {"Grant first", {grant}, kProtocol, kHelloFirst},
      {"Start first", {start}, kProtocol, kHelloFirst},
      {"Ack first", {AckMessage(1)}, kProtocol, kHelloFirst},
      {"Stop first", {StopMessage(0)}, kProtocol, kHelloFirst},
      {"no kind first", {no_kind}, kProtocol, kHelloFirst},

      {"older version", {HelloMessage("x", 0)}, v1::Failed::CODE_VERSION, "speaks 0"},
      {"newer version",
       {HelloMessage("x", kProtocolVersion + 1)},
       v1::Failed::CODE_VERSION,
       "install the same version"},
      {"a run's name that is none",
       {HelloMessage("x", kProtocolVersion, "a\nevent=audit")},
       kProtocol,
       "run_id: not as squall names runs"},
      {"a run without a name", {HelloMessage("x", kProtocolVersion, "")}, kProtocol, "run_id"},
      {"Hello twice", {hello, hello}, kProtocol, "second Hello"},
      {"Hello twice, with another version",
       {hello, HelloMessage("x", 0)},
       kProtocol,
       "second Hello"},

      {"DataChunk before Prepare", {hello, DataMessage("a")}, kProtocol, "DataChunk out of order"},
      {"empty DataChunk before Prepare", {hello, DataMessage("")}, kProtocol, "DataChunk"},
      {"FeederChunk before Prepare", {hello, feeder("a")}, kProtocol, "FeederChunk out of order"},
      {"FeederChunk without a feeder", {hello, prepare, feeder("a")}, kProtocol, "FeederChunk"},
      {"an empty FeederChunk", {hello, PrepareMessage(fed), feeder("")}, kProtocol, "FeederChunk"},
      {"FeederChunks too long together",
       {hello, PrepareMessage(fed), feeder("id\n"), feeder("12\n")},
       kProtocol,
       "FeederChunk out of order"},
      {"a feeder without the column",
       {hello, PrepareMessage(fed), feeder("x\n12\n")},
       v1::Failed::CODE_PLAN,
       "no column id"},
      {"Grant before Prepare", {hello, grant}, kProtocol, "a command before the plan"},
      {"Start before Prepare", {hello, start}, kProtocol, "a command before the plan"},
      {"no kind after Hello", {hello, no_kind}, kProtocol, "does not know"},

      {"Prepare while the list is read", {hello, list, prepare}, kProtocol, "Prepare out of order"},
      {"Grant while the list is read",
       {hello, list, grant},
       kProtocol,
       "a command before the plan"},
      {"Start while the list is read",
       {hello, list, start},
       kProtocol,
       "a command before the plan"},
      {"DataChunk too long",
       {hello, list, DataMessage("http://a/bcde")},
       kProtocol,
       "DataChunk",
       true},
      {"an empty DataChunk", {hello, list, DataMessage("")}, kProtocol, "DataChunk", true},
      {"a DataChunk that is not compressed as it says",
       {hello, list, packed},
       kProtocol,
       "DataChunk",
       true},
      {"DataChunks too long together",
       {hello, list, DataMessage("http://"), DataMessage("a/bcde")},
       kProtocol,
       "DataChunk out of order",
       true},
      {"DataChunk without a list", {hello, prepare, DataMessage("a")}, kProtocol, "DataChunk"},

      {"Prepare twice", {hello, prepare, prepare}, kProtocol, "Prepare out of order"},
      {"Hello when ready", {hello, prepare, hello}, kProtocol, "second Hello"},
      {"no kind when ready", {hello, prepare, no_kind}, kProtocol, "does not know"},
      {"empty span", {hello, prepare, GrantMessage({{0, 1, 0}})}, kProtocol, "Grant"},
      {"a phase that there is not",
       {hello, prepare, GrantMessage({{0, 1, 9}}, false, 1)},
       kProtocol,
       "Grant of a phase that the plan does not have"},
      {"span without a stride", {hello, prepare, GrantMessage({{0, 0, 9}})}, kProtocol, "Grant"},
      {"empty span after a good one",
       {hello, prepare, GrantMessage({{0, 1, 5}, {5, 1, 0}})},
       kProtocol,
       "Grant"},
      {"first number too large",
       {hello, prepare, GrantMessage({{kTooLarge, 1, 1}})},
       kProtocol,
       "Grant"},
      {"last number too large",
       {hello, prepare, GrantMessage({{kTooLarge - 5, 1, 6}})},
       kProtocol,
       "Grant"},
      {"numbers begin again from 0",
       {hello, prepare, GrantMessage({{1, UINT64_MAX / 2, 5}})},
       kProtocol,
       "Grant"},

      {"a command left out", {hello, prepare, later}, kProtocol, "command 3 after 0"},
      {"Start in another clock", {hello, prepare, tomorrow}, kProtocol, "not of this clock"},
      {"a tag that no header can carry",
       {hello, PrepareMessage(tagged)},
       v1::Failed::CODE_PLAN,
       "run_id: not as squall names runs"},
      {"Resize to nothing", {hello, prepare, resize(0)}, v1::Failed::CODE_PLAN, "not a share"},
      {"Resize beyond the plan", {hello, prepare, resize(4)}, v1::Failed::CODE_PLAN, "not a share"},
      {"Ack before Start", {hello, prepare, AckMessage(0)}, kProtocol, "Ack of a snapshot"},
      {"Ack of what was not sent", {hello, prepare, start, AckMessage(9)}, kProtocol, "Ack of"},
      {"Grant that acknowledges what was not sent",
       {hello, prepare, start, acknowledging},
       kProtocol,
       "Ack of"},

      {"Start twice", {hello, prepare, start, start}, kProtocol, "Start out of order"},
      {"Hello when running", {hello, prepare, start, hello}, kProtocol, "second Hello"},
      {"Prepare when running", {hello, prepare, start, prepare}, kProtocol, "Prepare out of order"},
      {"DataChunk when running",
       {hello, prepare, start, DataMessage("a")},
       kProtocol,
       "DataChunk out of order"},
      {"no kind when running", {hello, prepare, start, no_kind}, kProtocol, "does not know"},
  };
  for (const Row& row : rows) Check(row);
}

TEST_F(SessionRefusals, PlansThatCannotBeExecuted) {
  const Row rows[] = {
      Plan("no method", "request.method",
           [](v1::Prepare& prepare) { prepare.mutable_plan()->mutable_request()->clear_method(); }),
      Plan("no plan at all", "plan:", [](v1::Prepare& prepare) { prepare.clear_plan(); }),
      Plan("no share", "not a share", [](v1::Prepare& prepare) { prepare.clear_concurrency(); }),
      Plan("a share larger than the plan's concurrency", "not a share",
           [](v1::Prepare& prepare) { prepare.set_concurrency(prepare.plan().concurrency() + 1); }),
      Plan("no lease", "lease", [](v1::Prepare& prepare) { prepare.clear_lease_ns(); }),
      Plan("a grace that is too short for the lease", "lease",
           [](v1::Prepare& prepare) { prepare.set_grace_ns(2 * prepare.lease_ns() - 1); }),
      Plan("snapshots that come too late for the lease", "lease",
           [](v1::Prepare& prepare) { prepare.set_snapshot_interval_ns(2 * prepare.lease_ns()); }),
      Plan("more streams than HTTP/2 has", "transport.streams",
           [](v1::Prepare& prepare) {
             prepare.set_concurrency(2);
             v1::Transport& transport = *prepare.mutable_plan()->mutable_transport();
             transport.set_http_version(v1::HTTP_VERSION_2);
             transport.set_streams(UINT32_MAX);
           }),
      Plan("a list without a hash", "urls.sha256",
           [](v1::Prepare& prepare) {
             prepare = ListShare("http://a/", 1);
             prepare.mutable_plan()->mutable_urls()->clear_sha256();
           }),
      Plan("a list by a name that is none of ours", "urls.sha256",
           [](v1::Prepare& prepare) {
             prepare = ListShare("http://a/", 1);
             prepare.mutable_plan()->mutable_urls()->set_sha256("../../../../../etc/passwd");
           }),
      Plan("an endless duration", "phases.duration_ns",
           [](v1::Prepare& prepare) {
             prepare.mutable_plan()->mutable_phases(0)->set_duration_ns(INT64_MAX);
           }),
      Plan("an endless timeout", "transport.timeout_ns",
           [](v1::Prepare& prepare) {
             prepare.mutable_plan()->mutable_transport()->set_timeout_ns(INT64_MAX);
           }),
      Plan("what the transport cannot do", "HEAD with a body",
           [](v1::Prepare& prepare) {
             prepare.mutable_plan()->mutable_transport()->set_kind(v1::TRANSPORT_KIND_CURL);
             prepare.mutable_plan()->mutable_request()->set_method("HEAD");
             prepare.mutable_plan()->mutable_request()->set_body("x");
           }),
      List("more entries than announced", "2 URLs arrived where the plan says 1",
           "http://a/\nhttp://b/\n"),
      List("fewer entries than announced", "urls.txt: has no URLs", "# http://a/\n"),
      OtherList("another list than announced", "what arrived is not the list", "http://a/b\n",
                "http://a/c\n"),
      List("a bad line", "urls.txt:2:", "\nftp://a/\n"),
  };
  for (const Row& row : rows) Check(row);
}

TEST_F(SessionRefusals, ASecondControllerIsToldWhoRunsItSinceWhen) {
  FakeController first(session_);
  first.Say(HelloMessage("ann@lab (process 7)"));
  first.Hear(Kind::kWelcome);

  const Messages attempts[] = {
      {HelloMessage("bob@lab (process 8)")},
      {HelloMessage("bob@lab (process 8)"), StartMessage()},  // which would be the end of the run
  };
  for (const Messages& attempt : attempts) {
    FakeController second(session_);
    for (const v1::ControllerMessage& message : attempt) second.Say(message);
    const v1::Failed failed = second.Hear(Kind::kFailed).failed();
    EXPECT_EQ(failed.code(), v1::Failed::CODE_BUSY);
    EXPECT_THAT(failed.message(), ::testing::ContainsRegex("ann@lab \\(process 7\\) runs it since "
                                                           "20..-..-.. ..:..:.. [+-]..:.."));
    second.Hear(Kind::KIND_NOT_SET);
    second.Close();
  }
  FakeController rude(session_);
  rude.Say(StartMessage());
  EXPECT_EQ(rude.Hear(Kind::kFailed).failed().code(), v1::Failed::CODE_PROTOCOL);

  // None of this reached the first one.
  first.Say(PrepareMessage(Share(kUrl, 1)));
  first.Hear(Kind::kReady);
  first.Say(StopMessage(0));
  first.Hear(Kind::kDone);
  ExpectFree();
}

TEST_F(SessionRefusals, TheNameOfAControllerIsShownInASafeForm) {
  FakeController first(session_);
  first.Say(HelloMessage("ann\n\x1b[2J"));
  first.Hear(Kind::kWelcome);
  FakeController second(session_);
  second.Say(HelloMessage());
  EXPECT_THAT(second.Hear(Kind::kFailed).failed().message(), HasSubstr("ann\\x0a\\x1b[2J runs it"));
}

}  // namespace
}  // namespace squall
