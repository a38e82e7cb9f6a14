#include "controller/result_proto.h"

#include <functional>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/report_json.h"
#include "controller/report_text.h"
#include "tests/support/example_result.h"

namespace squall {
namespace {

using testing::HasSubstr;
using testing::Not;

// Of a closed loop, as its texts say more.
void AddEvidence(RunResult& result) {
  result.parallelism = {
      .asked = 16,
      .mean = 15.5,
      .error = 0.25,
      .min = 14.75,
      .max = 15.875,
      .steady = Parallelism::Steady{.mean = 15.75, .share = 0.875, .ramp_up = 7, .tail = 9},
      .littles_law_error = 0.03125,
      .agents = {{.name = "alpha", .asked = 8, .mean = 7.5, .least = 5, .most = 8},
                 {.name = "\xfd", .asked = 8, .mean = 8, .least = 0, .most = 9}},
      .point_length = 2 * kSecond,
      .series = {{.at = 0, .mean = 15, .least = 1, .most = 17},
                 {.at = 2 * kSecond, .mean = 16, .least = 2, .most = 18}},
      .server = ServerParallelism{
          .target = true, .mean = 15.25, .from = 3, .to = 5 * kSecond, .most = 16, .peak = 99}};
  Verdict& verdict = result.verdict.emplace();
  verdict.limit = Limit::kMixed;
  verdict.confidence = Confidence::kMedium;
  verdict.agents = {"alpha", "\xfd"};
  verdict.summary = "agent alpha, late";
  verdict.evidence = {{"alpha", "late"}, {"", "of the server"}};
  AgentTaint& taint = verdict.tainted.emplace_back();
  taint = {.agent = "alpha", .interval = {.from = 3, .to = kSecond, .signs = {}}};
  taint.interval.signs[static_cast<size_t>(Sign::kLate)] = true;
  taint.interval.signs[static_cast<size_t>(Sign::kNoFile)] = true;
  verdict.tainted.push_back({.agent = "beta", .interval = {.from = 0, .to = 5, .signs = {}}});
  verdict.outliers = {{"beta", 40, 50, 20, 30}};
  result.tainted.emplace();
  result.tainted->service.Record(kMillisecond);
  result.tainted->response.Record(kMillisecond);
  v1::Vitals& vitals = result.agents[0].vitals.emplace();
  vitals.set_begin_ns(5);
  vitals.set_end_ns(4 * kSecond);
  vitals.set_cpu_ns(17);
  vitals.set_host_busy(0.5);
  vitals.set_interface("eth\x01");
  result.agents[1].vitals.emplace();
}

// Something of all that the examples do not have.
RunResult RichResult() {
  RunResult result = ExampleOpenLoopResult();
  v1::Phase* phase = result.plan.mutable_phases(0);
  phase->set_duration_ns(20 * kSecond);
  *result.plan.add_phases() = *phase;
  phase->set_measured(false);
  phase->set_requests(0);
  result.warm_up = {.duration = 5 * kSecond, .recorded = 51'234, .failed = 3, .connections = 16};
  result.state = RunState::kInterrupted;
  result.planned = 2'100;
  result.dropped = 40;
  result.unsent = 60;
  result.oldest_unsent = kSecond / 2;
  result.notes = {"a note", "not \xff UTF-8"};
  result.not_all_saved = true;
  result.events.push_back({kSecond, RunEvent::Kind::kResumed, "alpha", "\xfe"});
  result.events.push_back({kSecond, RunEvent::Kind::kJoined, "delta", ""});
  result.coverage = {.listed = 2,
                     .distinct = 1,
                     .times_least = 0,
                     .times_most = {},
                     .whole_passes = 0,
                     .open_passes = {{1, 1, 1}, {2, 4, 5}},
                     .more_open_passes = 3};
  result.tag = {.run = "r-1", .recorded = std::vector<NumberRun>{{0, 5}, {7, 2}}};
  result.agents[0].peak_connections = 8;
  result.agents[0].host.set_load(1.25);
  AddEvidence(result);
  return result;
}

std::string Text(const RunResult& result) {
  return TextReport(result, {.colour = true, .utf8 = true, .width = 100});
}

TEST(ResultProtoTest, ReportsAreTheSame) {
  RunResult interrupted = RichResult();
  interrupted.start_spread.reset();
  RunResult untold = RichResult();
  untold.tag->recorded.reset();
  const struct {
    const char* name;
    RunResult result;
  } kCases[] = {{"closed loop", ExampleResult()}, {"open loop", ExampleOpenLoopResult()},
                {"rich", RichResult()},           {"named requests", ExampleMixResult()},
                {"users", ExampleUsersResult()},  {"no start spread", interrupted},
                {"a tag without numbers", untold}};
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    const std::string bytes = EncodeResult(test.result);
    const absl::StatusOr<RunResult> again = DecodeResult(bytes);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(JsonReport(*again), JsonReport(test.result));
    EXPECT_EQ(Text(*again), Text(test.result));
    EXPECT_EQ(EncodeResult(*again), bytes);
    EXPECT_EQ(again->not_all_saved, test.result.not_all_saved);
    EXPECT_EQ(again->state, test.result.state);
  }
}

TEST(ResultProtoTest, KeepsNoSecrets) {
  RunResult result = ExampleResult();
  result.plan.clear_urls();
  result.coverage.reset();
  v1::Request* request = result.plan.mutable_request();
  request->set_url("http://user:hunter2@host/");
  request->set_body("hunter2");
  v1::Header* header = request->add_headers();
  header->set_name("Authorization");
  header->set_value("Bearer hunter2");
  v1::Transport* transport = result.plan.mutable_transport();
  transport->set_kind(v1::TRANSPORT_KIND_CURL);
  transport->set_proxy("http://me:hunter2@proxy:3128");
  transport->set_ca_pem("hunter2 and more");
  result.plan.set_server_counts("http://me:hunter2@host/counts");
  transport->set_client_certificate_pem("hunter2 again");
  transport->set_client_key_pem("hunter2!");
  const std::string bytes = EncodeResult(result);
  EXPECT_THAT(bytes, Not(HasSubstr("hunter2")));
  const absl::StatusOr<RunResult> again = DecodeResult(bytes);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(JsonReport(*again), JsonReport(result));
  EXPECT_EQ(Text(*again), Text(result));
}

TEST(ResultProtoTest, AnyBitCounts) {
  const std::string bytes = EncodeResult(ExampleResult());
  for (size_t at = 0; at < bytes.size(); at += 37) {
    std::string changed = bytes;
    changed[at] ^= 1;
    EXPECT_FALSE(DecodeResult(changed).ok()) << at;
    EXPECT_FALSE(DecodeResult(bytes.substr(0, at)).ok()) << at;
  }
  EXPECT_FALSE(DecodeResult(bytes + "x").ok());
  EXPECT_THAT(DecodeResult("").status().message(), HasSubstr("was cut short"));
  EXPECT_THAT(DecodeResult("{\"run\": {}}").status().message(), HasSubstr("is no result"));
}

struct SadCase {
  std::string name;
  std::function<void(v1::RunResult&)> change;
  std::string message;
};

const std::vector<SadCase> kSadCases = {
    {"not ours", [](auto& r) { r.clear_format(); }, "is no result"},
    {"a later format",
     [](auto& r) {
       r.set_format(2);
       r.set_version("9.0\n");
     },
     "written by squall 9.0\\x0a,"},
    {"no plan", [](auto& r) { r.clear_plan(); }, "plan: "},
    {"no phases", [](auto& r) { r.mutable_plan()->clear_phases(); }, "plan: phases"},
    {"no state", [](auto& r) { r.clear_state(); }, "in no known state"},
    {"another state", [](auto& r) { r.set_state(static_cast<v1::RunState>(9)); },
     "in no known state"},
    {"negative elapsed", [](auto& r) { r.set_elapsed_ns(-1); }, "negative length"},
    {"negative age", [](auto& r) { r.set_oldest_unsent_ns(-1); }, "negative length"},
    {"an agent less", [](auto& r) { r.mutable_agents()->RemoveLast(); }, "2 agents of 3"},
    {"an agent more", [](auto& r) { r.add_agents(); }, "4 agents of 3"},
    {"more than planned", [](auto& r) { r.set_planned(1'999); }, "more is recorded"},
    {"far more than planned", [](auto& r) { r.set_planned(0); }, "more is recorded"},
    {"more dropped", [](auto& r) { r.set_dropped(1); }, "more was dropped"},
    {"more unsent", [](auto& r) { r.set_unsent(1); }, "more was dropped"},
    {"so much that it overflows",
     [](auto& r) {
       r.set_planned(2'001);
       r.set_dropped(1);
       r.set_unsent(std::numeric_limits<uint64_t>::max());
     },
     "more was dropped"},
    {"an event of no kind", [](auto& r) { r.mutable_events(0)->clear_kind(); },
     "an event of no known kind"},
    {"a warm-up that was not planned", [](auto& r) { r.mutable_warm_up(); }, "the warm-up"},
    {"a long name", [](auto& r) { r.mutable_agents(0)->set_name(std::string(65'537, 'x')); },
     "too long"},
    {"a long id", [](auto& r) { r.set_id(std::string(65'537, 'x')); }, "too long"},
    {"coverage of no list",
     [](auto& r) {
       r.mutable_plan()->clear_urls();
       r.mutable_plan()->mutable_request()->set_url("http://h/");
     },
     "the coverage"},
    {"more URLs than there are", [](auto& r) { r.mutable_coverage()->set_distinct(3); },
     "more URLs than are listed"},
    {"a pass of more than it has",
     [](auto& r) {
       v1::OpenPass& open = *r.mutable_coverage()->add_open_passes();
       open.set_passes(1);
       open.set_held(3);
     },
     "a pass over the list"},
    {"a pass of no length", [](auto& r) { r.mutable_coverage()->add_open_passes(); },
     "a pass over the list"},
    {"a pass that overflows",
     [](auto& r) {
       v1::OpenPass& open = *r.mutable_coverage()->add_open_passes();
       open.set_passes(std::numeric_limits<uint64_t>::max());
     },
     "a pass over the list"},
    {"a drift that is no number",
     [](auto& r) {
       r.mutable_agents(0)->mutable_clock()->mutable_drift()->set_ppm(
           std::numeric_limits<double>::quiet_NaN());
     },
     "no number"},
    {"evidence that no run comes to", [](auto& r) { r.mutable_verdict()->set_limit(99); },
     "evidence that cannot be"},
    {"vitals that lie", [](auto& r) { r.mutable_agents(0)->mutable_vitals()->set_cpu_ns(-1); },
     "vitals that no machine can have"},
    {"metrics that contradict themselves",
     [](auto& r) { r.mutable_agents(1)->mutable_metrics()->set_failed(1); }, "metrics: "},
};

TEST(ResultProtoTest, RefusesWhatNoRunComesTo) {
  v1::RunResult truth;
  ASSERT_TRUE(truth.ParseFromString(EncodeResult(ExampleResult())));
  ASSERT_TRUE(FromProto(truth).ok());
  for (const SadCase& test : kSadCases) {
    v1::RunResult proto = truth;
    test.change(proto);
    const absl::StatusOr<RunResult> result = FromProto(proto);
    ASSERT_FALSE(result.ok()) << test.name;
    EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << test.name;
    EXPECT_THAT(result.status().message(), HasSubstr(test.message)) << test.name;
  }
}

TEST(ResultProtoTest, RefusesNamedRequestsThatAreNotAll) {
  const RunResult result = ExampleMixResult();
  v1::RunResult good;
  ASSERT_TRUE(good.ParseFromString(EncodeResult(result)));
  ASSERT_TRUE(FromProto(good).ok()) << FromProto(good).status();
  v1::RunResult fewer = good;
  fewer.mutable_requests()->RemoveLast();
  v1::RunResult none = good;
  *none.mutable_requests(1) = v1::Metrics();
  v1::RunResult more = good;
  *more.mutable_requests(1) = more.requests(0);
  for (const v1::RunResult& bad : {fewer, none, more}) {
    EXPECT_THAT(std::string(FromProto(bad).status().message()), HasSubstr("requests by name"));
  }
}

TEST(ResultProtoTest, RefusesStepsThatCannotBe) {
  const struct {
    const char* name;
    std::function<void(v1::RunResult&)> spoil;
    const char* message;
  } rows[] = {
      {"no users", [](v1::RunResult& proto) { proto.mutable_plan()->set_users(false); },
       "steps of no users"},
      {"too many",
       [](v1::RunResult& proto) {
         for (int i = 0; i < 64; ++i) *proto.add_steps() = proto.steps(1);
       },
       "steps of no users"},
      {"out of order", [](v1::RunResult& proto) { proto.mutable_steps()->SwapElements(0, 1); },
       "out of order"},
      {"without a name", [](v1::RunResult& proto) { proto.mutable_steps(0)->clear_name(); },
       "no names"},
      {"one that contradicts itself",
       [](v1::RunResult& proto) { proto.mutable_steps(0)->mutable_metrics()->set_failed(7); },
       "is damaged"},
  };
  v1::RunResult good;
  ASSERT_TRUE(good.ParseFromString(EncodeResult(ExampleUsersResult())));
  ASSERT_TRUE(FromProto(good).ok()) << FromProto(good).status();
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    v1::RunResult bad = good;
    row.spoil(bad);
    EXPECT_THAT(std::string(FromProto(bad).status().message()), HasSubstr(row.message));
  }
}

}  // namespace
}  // namespace squall
