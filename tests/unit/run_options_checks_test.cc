// What counts as a success, from flags to the plan.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/check_specs.h"
#include "common/plan_check.h"
#include "controller/report_checks.h"
#include "tests/unit/run_options_support.h"

namespace squall {
namespace {

TEST_F(RunOptionsTest, ChecksAreInThePlan) {
  const auto options =
      Run({"--expect-status", "200-299,304", "--expect-header", "X-Id", "--expect-header",
           "Content-Type:  text/html ", "--expect-body", "h.llo", "--expect-json",
           "$.items[0].id == 7", "--expect-size", "5-", "--fail-fast", "10", "http://h/"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(ChecksText(options->plan.checks()),
            "status 200-299 or 304, header X-Id, header Content-Type: text/html, 5- bytes, body "
            "h.llo, JSON $.items[0].id == 7");
  EXPECT_EQ(options->plan.fail_fast(), 10u);
  v1::Plan plan = options->plan;
  plan.set_concurrency(1);
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
  EXPECT_EQ(plan.transport().kind(), v1::TRANSPORT_KIND_HTTP1);
}

TEST_F(RunOptionsTest, WithoutFlagsThereAreNoChecks) {
  const auto options = Run({"--fail-fast", "1", "http://h/"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_FALSE(options->plan.has_checks());
}

TEST_F(RunOptionsTest, BadChecks) {
  struct Case {
    std::vector<std::string> words;
    std::string want;
  };
  const std::vector<Case> cases = {
      {{"--expect-status", ""},
       "--expect-status \"\": character 1: \"\" is not a status: write e.g. 200-299,304"},
      {{"--expect-status", "200,,304"},
       "--expect-status 200,,304: character 5: \"\" is not a status: write e.g. 200-299,304"},
      {{"--expect-status", "2xx"},
       "--expect-status 2xx: character 1: 2xx is not a status: write e.g. 200-299,304"},
      {{"--expect-status", "200-"},
       "--expect-status 200-: character 5: \"\" is not a status: write e.g. 200-299,304"},
      {{"--expect-status", "200-299, 304"},
       "--expect-status 200-299, 304: character 9:  304 is not a status: write e.g. 200-299,304"},
      {{"--expect-status", "299-200"},
       "--expect-status 299-200: character 1: 299-200 goes downwards: write 200-299"},
      {{"--expect-status", "200,100-199"},
       "--expect-status 200,100-199: character 5: 100 is no answer's status: they are 200 to 999"},
      {{"--expect-status", "200-1000"},
       "--expect-status 200-1000: character 5: 1000 is no answer's status: they are 200 to 999"},
      {{"--expect-header", ""},
       "--expect-header \"\": character 1: a header's name is missing here: write \"Name\" or "
       "\"Name: value\""},
      {{"--expect-header", ": x"},
       "--expect-header : x: character 1: a header's name is missing here: write \"Name\" or "
       "\"Name: value\""},
      {{"--expect-header", "Content Type"},
       "--expect-header Content Type: character 8: a header's name has no such character: write "
       "\"Name\" or \"Name: value\""},
      {{"--expect-header", "X-Id=7"},
       "--expect-header X-Id=7: character 5: a header's name has no such character: write "
       "\"Name\" or \"Name: value\""},
      {{"--expect-header", "X: a\nb"},
       "--expect-header X: a\\x0ab: a header holds no line breaks or other control characters"},
      {{"--expect-size", "x"},
       "--expect-size x: character 1: x is not a number of bytes: write e.g. 100-2000, 100- or "
       "100"},
      {{"--expect-size", "1-2k"},
       "--expect-size 1-2k: character 3: 2k is not a number of bytes: write e.g. 100-2000, 100- "
       "or 100"},
      {{"--expect-size", "7-5"}, "--expect-size 7-5: character 1: goes downwards: write 5-7"},
      {{"--expect-body", "a(b"},
       "--expect-body a(b: character 2: missing ): a backslash before a sign takes its meaning "
       "(RE2's syntax)"},
      {{"--expect-json", "items"},
       "--expect-json items: character 1: a path begins with $: write e.g. $.items[0].id"},
      {{"--expect-json", "$.a == b"},
       "--expect-json $.a == b: character 8: a value is JSON: write e.g. == 7, == \"text\" (with "
       "its quotes), == true or == null"},
      {{"--expect-body", "x", "-m", "HEAD"},
       "--expect-body and -m HEAD exclude each other: its answers have no body"},
      {{"--expect-json", "$", "-m", "HEAD"},
       "--expect-json and -m HEAD exclude each other: its answers have no body"},
      {{"--fail-fast", "0"}, "--fail-fast 0: must be at least 1"},
  };
  for (const Case& c : cases) {
    std::vector<std::string> words = c.words;
    words.emplace_back("http://h/");
    const auto options = Run(words);
    ASSERT_FALSE(options.ok()) << c.want;
    EXPECT_EQ(options.status().message(), c.want);
  }
}

TEST(CheckChecks, NamesTheFieldThatIsWrong) {
  struct Row {
    const char* field;
    void (*spoil)(v1::Checks& checks);
  };
  const Row rows[] = {
      {"statuses", [](v1::Checks& checks) { checks.add_statuses(); }},
      {"statuses",
       [](v1::Checks& checks) {
         checks.add_statuses()->set_first(300);
         checks.mutable_statuses(0)->set_last(200);
       }},
      {"statuses",
       [](v1::Checks& checks) {
         checks.add_statuses()->set_first(200);
         checks.mutable_statuses(0)->set_last(4'000'000'000);
       }},
      {"headers", [](v1::Checks& checks) { checks.add_headers(); }},
      {"headers", [](v1::Checks& checks) { checks.add_headers()->set_name("A: b"); }},
      {"headers",
       [](v1::Checks& checks) {
         checks.add_headers()->set_name("A");
         checks.mutable_headers(0)->set_value(" b");
       }},
      {"bodies", [](v1::Checks& checks) { checks.add_bodies("("); }},
      {"json", [](v1::Checks& checks) { checks.add_json()->set_path("$ == 7"); }},
      {"json",
       [](v1::Checks& checks) {
         checks.add_json()->set_path("$");
         checks.mutable_json(0)->set_value("[]");
       }},
      {"size",
       [](v1::Checks& checks) {
         checks.mutable_size()->set_least(7);
         checks.mutable_size()->set_most(5);
       }},
      {"checks",
       [](v1::Checks& checks) {
         for (int i = 0; i <= kMaxChecks; ++i) checks.add_bodies("x");
       }},
  };
  EXPECT_TRUE(CheckChecks({}).ok());
  for (const Row& row : rows) {
    v1::Checks checks;
    row.spoil(checks);
    const absl::Status status = CheckChecks(checks);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.field;
    EXPECT_TRUE(absl::string_view(status.message()).find(row.field) == 0) << status;
  }
}

}  // namespace
}  // namespace squall
