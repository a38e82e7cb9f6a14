#include "controller/run_facts.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/report_json.h"
#include "tests/support/example_result.h"

namespace squall {
namespace {

using Json = nlohmann::ordered_json;

const std::string kRun = "20261124T023500Z-1a2b";

RunResult TaggedResult() {
  RunResult result = ExampleResult();
  result.id = kRun;
  result.tag = {kRun, std::vector<NumberRun>{{0, 1500}, {2000, 500}}};
  return result;
}

TEST(ReadRunFacts, OfWhatAReportSays) {
  const auto facts = ReadRunFacts(JsonReport(TaggedResult()));
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->id, kRun);
  EXPECT_EQ(facts->state, "complete");
  EXPECT_TRUE(facts->tagged);
  EXPECT_FALSE(facts->follows);
  EXPECT_EQ(facts->planned, 2000u);
  EXPECT_EQ(facts->recorded, 2000u);
  EXPECT_EQ(facts->statuses, (std::map<uint32_t, uint64_t>{{200, 1994}, {404, 2}, {503, 1}}));
  EXPECT_EQ(facts->without_response, 3u);
  EXPECT_EQ(facts->possibly_repeated, 5u);
  EXPECT_EQ(facts->warm_up, 0u);
  EXPECT_EQ(facts->runs, (std::vector<NumberRun>{{0, 1500}, {2000, 500}}));
}

TEST(ReadRunFacts, OfOtherRuns) {
  RunResult result = TaggedResult();
  result.tag->recorded.reset();
  result.warm_up = {.recorded = 77};
  result.plan.mutable_transport()->set_follow(true);
  auto facts = ReadRunFacts(JsonReport(result));
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_TRUE(facts->tagged && facts->follows && !facts->runs);
  EXPECT_EQ(facts->warm_up, 77u);
  facts = ReadRunFacts(JsonReport(ExampleResult()));
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_FALSE(facts->tagged) << "and any name of a run is taken";
}

TEST(ReadRunFacts, TellsWhatIsWrong) {
  struct Row {
    std::string name;
    std::function<void(Json&)> spoil;
    std::string want;
  };
  const std::string rising = "tag.recorded_runs: not pairs [first, count] that rise";
  const auto runs = [](Json value) {
    return [value](Json& json) { json["tag"]["recorded_runs"] = value; };
  };
  const std::vector<Row> rows = {
      {"another JSON",
       [](Json& json) {
         json = {{"a", 1}};
       },
       "no run.id as results of squall run have: write one by squall run --json FILE"},
      {"an array", [](Json& json) { json = Json::array({1}); },
       "no run.id as results of squall run have: write one by squall run --json FILE"},
      {"no totals", [](Json& json) { json.erase("totals"); },
       "no totals.planned as results of squall run have: write one by squall run --json FILE"},
      {"a number as text", [](Json& json) { json["totals"]["recorded"] = "7"; },
       "no totals.recorded as results of squall run have: write one by squall run --json FILE"},
      {"a negative number", [](Json& json) { json["totals"]["resent"] = -1; },
       "no totals.resent as results of squall run have: write one by squall run --json FILE"},
      {"a number too large", [](Json& json) { json["totals"]["planned"] = UINT64_MAX; },
       "no totals.planned as results of squall run have: write one by squall run --json FILE"},
      {"no statuses", [](Json& json) { json["status_codes"] = 7; }, "no status_codes"},
      {"words for statuses",
       [](Json& json) {
         json["status_codes"] = {{"ok", 1}};
       },
       "status_codes: not statuses and their counts"},
      {"more responses than requests", [](Json& json) { json["status_codes"]["200"] = 1998; },
       "status_codes: more responses than totals.recorded"},
      {"tags of another run", [](Json& json) { json["tag"]["run"] = "20261124T023500Z-ffff"; },
       "run.id and tag.run: not the name of one run"},
      {"a name no header can have",
       [](Json& json) { json["tag"]["run"] = json["run"]["id"] = "a b"; },
       "run.id and tag.run: not the name of one run"},
      {"runs as a number", runs(7), "tag.recorded_runs: no array"},
      {"numbers for runs", runs({0, 2000}), rising},
      {"half a run", runs(Json::array({Json::array({0})})), rising},
      {"an empty run", runs(Json::array({{0, 0}, {0, 2000}})), rising},
      {"runs in each other", runs(Json::array({{0, 1500}, {1499, 500}})), rising},
      {"runs that fall", runs(Json::array({{500, 1500}, {0, 500}})), rising},
      {"a run too long", runs(Json::array({{1, uint64_t{1} << 63}})), rising},
      {"too few numbers", runs(Json::array({{0, 1999}})),
       "tag.recorded_runs: not as many numbers as totals.recorded"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Json json = Json::parse(JsonReport(TaggedResult()));
    row.spoil(json);
    const auto facts = ReadRunFacts(json.dump());
    EXPECT_EQ(facts.status().message(), row.want);
  }
}

TEST(ReadRunFacts, TellsWhereItIsNoJson) {
  const std::string whole = JsonReport(TaggedResult());
  const std::string what = ": no JSON: the file is damaged or cut short, or another one";
  EXPECT_EQ(ReadRunFacts("").status().message(), "line 1" + what);
  EXPECT_EQ(ReadRunFacts("{\n\"run\": {\n\"id\": x").status().message(), "line 3" + what);
  for (size_t size = 0; size + 2 < whole.size(); size += 97) {
    EXPECT_FALSE(ReadRunFacts(whole.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(ReadRunFacts(std::string(1'000'000, '[')).ok());
}

}  // namespace
}  // namespace squall
