#include "controller/plan_file.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/phases.h"
#include "tests/unit/run_options_support.h"

namespace squall {
namespace {

using ::squall::testing::ResolveWords;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using PlanFileTest = RunOptionsTest;

constexpr char kEverything[] = R"(# what stands here may be anything
url: http://127.0.0.1:8080/items
method: PUT
header:
  - 'Accept: application/json'
  - "X-Team: a#b"
data: |
  {"id": 7,
   "name": "ann"}
requests: 5000
duration: 1m30s
rate: 333.3
concurrency: 20
timeout: 5s
follow: true
tag: false
seed: 9
)";

TEST_F(PlanFileTest, Everything) {
  const absl::StatusOr<RunOptions> options = OfPlan(kEverything);
  ASSERT_TRUE(options.ok()) << options.status();
  const v1::Plan& plan = options->plan;
  EXPECT_EQ(plan.request().url(), "http://127.0.0.1:8080/items");
  EXPECT_EQ(plan.request().method(), "PUT");
  ASSERT_EQ(plan.request().headers_size(), 2);
  EXPECT_EQ(plan.request().headers(1).value(), "a#b");
  EXPECT_EQ(plan.request().body(), "{\"id\": 7,\n \"name\": \"ann\"}\n");
  EXPECT_EQ(MeasuredPhase(plan).requests(), 5000u);
  EXPECT_EQ(MeasuredPhase(plan).duration_ns(), 90'000'000'000);
  EXPECT_EQ(MeasuredPhase(plan).arrivals().rate_nano(), 333'300'000'000u);
  EXPECT_EQ(plan.concurrency(), 20u);
  EXPECT_EQ(plan.transport().timeout_ns(), 5'000'000'000);
  EXPECT_TRUE(plan.transport().follow());
  EXPECT_FALSE(plan.request().tag());
  EXPECT_EQ(plan.seed(), 9u);
}

TEST_F(PlanFileTest, WhatIsTypedComesFirst) {
  const absl::StatusOr<RunOptions> options =
      OfPlan(kEverything, {"-n", "7", "-u", "http://127.0.0.1/", "-H", "A: b", "--tag"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.request().url(), "http://127.0.0.1/");
  EXPECT_EQ(MeasuredPhase(options->plan).requests(), 7u);
  ASSERT_EQ(options->plan.request().headers_size(), 1);
  EXPECT_EQ(options->plan.request().headers(0).name(), "A");
  EXPECT_TRUE(options->plan.request().tag());
  EXPECT_EQ(options->plan.concurrency(), 20u) << "nothing was typed";
}

TEST_F(PlanFileTest, FilesAreBesideIt) {
  std::filesystem::create_directory("plans");
  Write("plans/paths.txt", "http://127.0.0.1/a\nhttp://127.0.0.1/b\n");
  Write("plans/body.json", "{}");
  Write("plans/agents.txt", "10.0.0.5\n");
  Write("plans/p.yml", "urls: paths.txt\ndata_file: body.json\nagents: '@agents.txt'\n");
  const absl::StatusOr<RunOptions> options = ResolveWords({"plans/p.yml"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.urls().entries(), 2u);
  EXPECT_EQ(options->plan.request().body(), "{}");
  EXPECT_EQ(options->fleet.invitation.agents.size(), 1u);
  EXPECT_TRUE(ResolveWords({"plans/p.yml", "--urls", "plans/paths.txt"}).ok());
}

TEST_F(PlanFileTest, Refusals) {
  const std::string url = "url: http://127.0.0.1/\n";
  const struct {
    const char* name;
    std::string text;
    const char* reason;
  } rows[] = {
      {"a near key", url + "requets: 5\n",
       "plan.yaml:2:1: requets: unknown; did you mean requests?"},
      {"a flag's letter", url + "n: 5\n", "plan.yaml:2:1: n: unknown; "},
      {"a flag's spelling", url + "data-file: x\n",
       "plan.yaml:2:1: data-file: unknown; did you mean data_file?"},
      {"nothing like it", url + "hovercraft: eels\n",
       "plan.yaml:2:1: hovercraft: unknown; keys are the flags of squall run with _ for -"},
      {"help", "help: true\n", "plan.yaml:1:1: help: unknown; "},
      {"given twice", url + url, "plan.yaml:2:1: url: is given twice"},
      {"not a number", url + "requests: many\n", "plan.yaml:2:11: -n many: not a whole number"},
      {"not a time", url + "duration: 30\n", "plan.yaml:2:11: -z 30: a duration needs a unit"},
      {"not a rate", url + "rate:  fast\n", "plan.yaml:2:8: -q fast: not a rate"},
      {"a bad URL", "url: example.com\n", "plan.yaml:1:6: -u example.com: no scheme"},
      {"a bad header", url + "header:\n  - 'a b: c'\n", "plan.yaml:3:5: -H "},
      {"a header without quotes", url + "header:\n  - A: b\n",
       "plan.yaml:3:5: header: what has a colon and a blank in it needs quotes"},
      {"a mapping", url + "header:\n  A: b\n",
       "plan.yaml:3:3: header: more names where a value belongs"},
      {"a list for one", url + "rate: [5]\n",
       "plan.yaml:2:7: rate: a list where one value belongs"},
      {"no value", url + "rate:\n", "plan.yaml:2:1: rate: has no value"},
      {"neither true nor false", url + "follow: maybe\n",
       "plan.yaml:2:9: follow: maybe: write true or false"},
      {"a missing file", "urls: nowhere.txt\n", "plan.yaml:1:7: --urls nowhere.txt: No such file"},
      {"no URL at all", "rate: 5\n", "no URL: write e.g."},
      {"no mapping", "- url\n", "plan.yaml:1:1: no settings"},
      {"an indentation", url + "  rate: 5\n", "plan.yaml:2:"},
      {"a quote without end", "url: \"http://127.0.0.1/\nrate: 5\n",
       "plan.yaml:1:6: a quote without"},
      {"a comma in front", "," + url, "plan.yaml:1:"},
      {"two documents", url + "---\n" + url, "plan.yaml:2:1: a second document"},
      {"not UTF-8", "url: \xff\n", "plan.yaml: not UTF-8"},
      {"too large", std::string((1 << 20) + 1, '#'), "plan.yaml: "},
      {"what is typed is not located", url + "rate: 5\n", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const bool typed = *row.reason == '\0';
    const absl::StatusOr<RunOptions> options =
        typed ? OfPlan(row.text, {"-q", "fast"}) : OfPlan(row.text);
    ASSERT_FALSE(options.ok());
    EXPECT_THAT(std::string(options.status().message()),
                StartsWith(typed ? "-q fast: not a rate" : row.reason));
  }
  EXPECT_THAT(std::string(ResolveWords({"missing.yaml"}).status().message()),
              HasSubstr("missing.yaml: No such file"));
}

TEST_F(PlanFileTest, IsMeantByItsName) {
  EXPECT_TRUE(PlanFile::IsMeant("plan.yaml"));
  EXPECT_TRUE(PlanFile::IsMeant("a/b.yml"));
  EXPECT_FALSE(PlanFile::IsMeant("http://a/plan.yaml"));
  EXPECT_FALSE(PlanFile::IsMeant("plan.txt"));
}

class Shown : public PlanFileTest {
 protected:
  Shown() : app_("", "squall") { command_ = AddRunCommand(app_, flags_); }

  CLI::App app_;
  RunFlags flags_;
  CLI::App* command_;
};

// What is printed is a plan again, and the same.
TEST_F(Shown, AsAPlan) {
  std::vector<std::string> words = {"a: b", "-H", "x'\"\\: \n", "-H",
                                    "true", "-d", "--follow",   "http://127.0.0.1/?a=b#c",
                                    "-u",   "run"};
  app_.parse(words);
  const std::string text = PlanText(*command_);
  EXPECT_EQ(text,
            "url: \"http://127.0.0.1/?a=b#c\"\n"
            "header:\n  - \"x'\\\"\\\\: \\n\"\n  - \"a: b\"\n"
            "data: \"true\"\n"
            "follow: true\n");
}

TEST_F(Shown, AsASchema) {
  const auto schema = nlohmann::json::parse(PlanSchema(*command_));
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["properties"]["follow"]["type"], "boolean");
  EXPECT_EQ(schema["properties"]["header"]["oneOf"][1]["type"], "array");
  EXPECT_THAT(schema["properties"]["data_file"]["description"], HasSubstr("Body from a file"));
  EXPECT_FALSE(schema["properties"].contains("help"));
}

}  // namespace
}  // namespace squall
