// Named requests in plan files.
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/plan_check.h"
#include "controller/plan_file.h"
#include "tests/unit/run_options_support.h"

namespace squall {
namespace {

using ::testing::StartsWith;

using PlanMixTest = RunOptionsTest;

constexpr char kEverything[] = R"(url: http://127.0.0.1:8080/base/
header:
  - 'Accept: application/json'
  - 'X-Team: plan'
user: ann:secret
expect_status: 200
expect_body: ok
feed: users.csv
tag: true
mix:
  - name: list
    weight: 6
    url: /items?page={{int 1 50}}
  - name: view
    weight: 3
    url: https://other.test/items/{{col id}}
    header: 'x-team: own'
    expect_status: 200,404
  - {name: create, method: PUT, data_file: body.json}
  - name: default
)";

TEST_F(PlanMixTest, WhatIsNotSaidIsThePlans) {
  Write("users.csv", "id\n1\n2\n");
  Write("body.json", "{{uuid}}");
  const absl::StatusOr<RunOptions> options = OfPlan(kEverything);
  ASSERT_TRUE(options.ok()) << options.status();
  v1::Plan plan = options->plan;
  plan.set_concurrency(1);  // as the agents' cores say
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
  EXPECT_EQ(plan.transport().kind(), v1::TRANSPORT_KIND_HTTP1);
  EXPECT_TRUE(plan.request().tag());
  EXPECT_TRUE(plan.request().url().empty());
  EXPECT_FALSE(plan.has_checks());
  EXPECT_TRUE(plan.templates());
  EXPECT_EQ(plan.feeder().rows(), 2u);
  EXPECT_FALSE(options->feeder_text.empty());
  ASSERT_EQ(plan.mix_size(), 4);
  const auto header = [&plan](int request, int i) {
    const v1::Header& of = plan.mix(request).request().headers(i);
    return of.name() + ": " + of.value();
  };
  const v1::Request& list = plan.mix(0).request();
  EXPECT_EQ(plan.mix(0).name(), "list");
  EXPECT_EQ(plan.mix(0).weight(), 6u);
  EXPECT_EQ(list.method(), "GET");
  EXPECT_EQ(list.url(), "http://127.0.0.1:8080/base/items?page={{int 1 50}}");
  EXPECT_FALSE(list.tag());
  EXPECT_EQ(header(0, 1), "X-Team: plan");
  EXPECT_THAT(header(0, 2), StartsWith("Authorization: Basic "));
  EXPECT_EQ(plan.mix(0).checks().statuses(0).last(), 200u);
  EXPECT_EQ(plan.mix(1).request().url(), "https://other.test/items/{{col id}}");
  ASSERT_EQ(plan.mix(1).request().headers_size(), 3);
  EXPECT_EQ(header(1, 1), "x-team: own");
  EXPECT_EQ(plan.mix(1).checks().statuses_size(), 2);
  EXPECT_EQ(plan.mix(1).checks().bodies(0), "ok") << "what it does not say";
  EXPECT_EQ(plan.mix(2).request().method(), "PUT");
  EXPECT_EQ(plan.mix(2).request().body(), "{{uuid}}");
  EXPECT_EQ(plan.mix(2).weight(), 1u);
  EXPECT_EQ(plan.mix(3).request().url(), "http://127.0.0.1:8080/base/");
}

TEST_F(PlanMixTest, BodiesAndMethods) {
  const absl::StatusOr<RunOptions> options = OfPlan(R"(url: http://127.0.0.1/
data: all
compress_body: true
mix:
  - name: a
  - {name: b, method: DELETE}
  - {name: c, data: own}
)");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.mix(0).request().method(), "POST");
  EXPECT_EQ(options->plan.mix(1).request().method(), "DELETE");
  EXPECT_EQ(options->plan.mix(0).request().body(), options->plan.mix(1).request().body());
  EXPECT_NE(options->plan.mix(2).request().body(), "own") << "compressed";
  const absl::StatusOr<RunOptions> some = OfPlan(
      "url: http://127.0.0.1/\nexpect_continue: true\nmix: [{name: a}, {name: b, data: x}]\n");
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->plan.mix(0).request().headers_size(), 0);
  EXPECT_EQ(some->plan.mix(1).request().headers(0).name(), "Expect");
  EXPECT_EQ(some->plan.transport().kind(), v1::TRANSPORT_KIND_CURL);
}

TEST_F(PlanMixTest, WhatIsTypedIsForAll) {
  const std::string plan =
      "url: http://127.0.0.1/\nmix:\n  - {name: a, url: /a}\n  - {name: b, method: PUT}\n";
  const absl::StatusOr<RunOptions> options =
      OfPlan(plan, {"-u", "http://127.0.0.2", "-m", "DELETE", "-H", "A: b", "-n", "7"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.mix(0).request().url(), "http://127.0.0.2/a");
  EXPECT_EQ(options->plan.mix(0).request().method(), "DELETE");
  EXPECT_EQ(options->plan.mix(1).request().method(), "PUT");
  EXPECT_EQ(options->plan.mix(1).request().headers(0).value(), "b");
}

TEST_F(PlanMixTest, Refusals) {
  const std::string url = "url: http://127.0.0.1/\n";
  std::string many = url + "mix:\n";
  for (int i = 0; i < 65; ++i) many += "  - name: r" + std::to_string(i) + "\n";
  const struct {
    const char* name;
    std::string text;
    const char* reason;
  } rows[] = {
      {"no list", url + "mix: 5\n", "plan.yaml:2:6: mix: a list of requests belongs here"},
      {"a mapping", url + "mix:\n  a: b\n", "plan.yaml:3:3: mix: more names where a value"},
      {"texts", url + "mix:\n  - a\n", "plan.yaml:3:5: mix: a list of settings belongs here"},
      {"empty", url + "mix: []\n", "plan.yaml:2:6: mix: is empty: name a request"},
      {"an empty entry", url + "mix: [{}]\n", "plan.yaml:2:7: mix: a list of settings"},
      {"too many", many, "plan.yaml:67:5: mix: more than 64 requests"},
      {"no name", url + "mix:\n  - url: /a\n", "plan.yaml:3:5: mix: a request without a name"},
      {"an empty name", url + "mix:\n  - name: ''\n", "plan.yaml:3:11: name a request without"},
      {"a long name", url + "mix:\n  - name: " + std::string(65, 'x') + "\n",
       "plan.yaml:3:11: name xxxxxxxxxxxxxxxxxxxx…: a name has at most 64 bytes"},
      {"a control character", url + "mix:\n  - name: \"a\\x1b[2J\"\n",
       "plan.yaml:3:11: name a\\x1b[2J: a name has no control characters"},
      {"the same name", url + "mix:\n  - name: a\n    url: /a\n  - name: a\n",
       "plan.yaml:5:11: name a: the request in line 3 has it already"},
      {"weight 0", url + "mix:\n  - name: a\n    weight: 0\n",
       "plan.yaml:4:13: request a: weight 0: "},
      {"no weight", url + "mix:\n  - name: a\n    weight: 1.5\n",
       "plan.yaml:4:13: request a: weight 1.5: not a whole number"},
      {"weights that are too large together",
       url + "mix:\n  - {name: a, weight: 10000}\n  - name: b\n",
       "plan.yaml:2:1: mix: the weights are together 10001"},
      {"a near key", url + "mix:\n  - name: a\n    wieght: 5\n",
       "plan.yaml:4:5: wieght: unknown; did you mean weight?"},
      {"a near key of the plan", url + "mixx: 5\n",
       "plan.yaml:2:1: mixx: unknown; did you mean mix?"},
      {"a far key", url + "mix:\n  - name: a\n    hovercraft: 5\n",
       "plan.yaml:4:5: hovercraft: unknown; keys of a request are name, weight, url, "},
      {"a key of the plan", url + "mix:\n  - name: a\n    feed: x.csv\n",
       "plan.yaml:4:5: feed: is for all requests of the plan: not in one of them"},
      {"a mix within", url + "mix:\n  - name: a\n    mix: [{name: b}]\n", "plan.yaml:4:11: mix: "},
      {"twice in one", url + "mix:\n  - name: a\n    name: b\n",
       "plan.yaml:4:5: name: is given twice"},
      {"a bad header", url + "mix:\n  - name: a\n    header: ['A: b', 'c d: e']\n",
       "plan.yaml:4:14: request a: -H "},
      {"a bad header of the plan", url + "header: 'c d: e'\nmix:\n  - name: a\n",
       "plan.yaml:2:9: request a: -H "},
      {"a bad URL", url + "mix:\n  - name: a\n    url: example.com\n",
       "plan.yaml:4:10: request a: -u example.com: no scheme"},
      {"a placeholder, counted in what is written",
       url + "mix:\n  - name: a\n    url: /x/{{sqe}}\n",
       "plan.yaml:4:10: request a: -u column 4: {{sqe}}: "},
      {"nothing to join to", "mix:\n  - name: a\n    url: /x\n",
       "plan.yaml:3:10: request a: -u /x: begins with '/'"},
      {"nothing to be joined to", "url: http://a/?x\nmix:\n  - name: a\n    url: /x\n",
       "plan.yaml:4:10: request a: -u /x: cannot be joined to http://a/?x"},
      {"no URL", "mix:\n  - name: a\n", "plan.yaml:2:11: request a: no URL"},
      {"a URL for nobody", url + "mix:\n  - {name: a, url: 'http://b/'}\n",
       "plan.yaml:1:6: -u: every request of the mix has its own"},
      {"a method for nobody", url + "method: PUT\nmix:\n  - {name: a, method: GET}\n",
       "plan.yaml:2:9: -m: every request of the mix has its own"},
      {"a body for nobody", url + "data: x\nmix:\n  - {name: a, data: y}\n",
       "plan.yaml:2:7: -d: every request of the mix has its own"},
      {"two bodies", url + "mix:\n  - {name: a, data: y, data_file: z}\n",
       "plan.yaml:3:21: request a: -d and -D exclude each other"},
      {"nothing to compress", url + "compress_body: true\nmix:\n  - name: a\n",
       "plan.yaml:2:16: --compress-body: no request has a body"},
      {"a list", "urls: paths.txt\nmix:\n  - name: a\n",
       "plan.yaml:1:7: --urls and mix exclude each other"},
      {"a quote without end", url + "mix:\n  - name: \"a\n    url: /x\n",
       "plan.yaml:3:11: a quote"},
      {"a list of settings elsewhere", url + "requests:\n  - name: a\n",
       "plan.yaml:3:5: requests: what has a colon and a blank in it needs quotes, e.g. 'Accept: "
       "*/*'; lists of settings stand under mix"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const absl::StatusOr<RunOptions> options = OfPlan(row.text);
    ASSERT_FALSE(options.ok());
    EXPECT_THAT(std::string(options.status().message()), StartsWith(row.reason));
  }
}

// One that stands for many.
TEST_F(PlanMixTest, AnchorsHaveAnEnd) {
  std::string text = "header: &h ['A: b']\nmix:\n  - &r {name: a, header: *h}\n";
  for (int i = 0; i < 200; ++i) text += "  - *r\n";
  EXPECT_THAT(std::string(OfPlan(text).status().message()),
              ::testing::HasSubstr("mix: more than 100 entries"));
}

TEST_F(PlanMixTest, IsShownAsAPlan) {
  CLI::App app("", "squall");
  RunFlags flags;
  CLI::App* command = AddRunCommand(app, flags);
  const std::string text =
      "mix:\n  - name: a\n    weight: 3\n    header:\n      - \"A: b\"\n      - \"C: d\"\n"
      "  - name: \"b c\"\n    data: \"x\\ny\"\n";
  absl::StatusOr<PlanFile> file = PlanFile::Parse(text, "p.yaml");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->Complete(*command, flags).ok());
  EXPECT_EQ(PlanText(*command) + MixText(flags), text);
}

TEST_F(PlanMixTest, Schema) {
  CLI::App app("", "squall");
  RunFlags flags;
  const auto schema = nlohmann::json::parse(PlanSchema(*AddRunCommand(app, flags)));
  const auto& mix = schema["properties"]["mix"];
  EXPECT_EQ(mix["maxItems"], 64);
  EXPECT_EQ(mix["items"]["required"], nlohmann::json::array({"name"}));
  EXPECT_EQ(mix["items"]["additionalProperties"], false);
  EXPECT_TRUE(mix["items"]["properties"].contains("expect_status"));
  EXPECT_FALSE(mix["items"]["properties"].contains("fail_fast"));
  EXPECT_FALSE(mix["items"]["properties"].contains("rate"));
}

}  // namespace
}  // namespace squall
