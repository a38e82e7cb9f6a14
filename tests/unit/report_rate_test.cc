// What reports say of a run at an arrival rate.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/report_json.h"
#include "controller/report_text.h"
#include "tests/support/example_result.h"

namespace squall {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

constexpr TextStyle kPlain{false, false, 100};

// 2,100 requests were due.
RunResult AtARate(uint64_t rate_nano) {
  RunResult result = ExampleOpenLoopResult();
  v1::Phase& phase = *result.plan.mutable_phases(0);
  phase.set_requests(0);
  phase.set_duration_ns(4 * kSecond);
  phase.mutable_arrivals()->set_process(v1::ARRIVAL_PROCESS_CONSTANT);
  phase.mutable_arrivals()->set_rate_nano(rate_nano);
  result.planned = 2'100;
  result.unsent = 100;
  result.oldest_unsent = 3'200 * kMillisecond;
  result.agents[0].peak_connections = 5;
  result.agents[1].peak_connections = 6;
  return result;
}

TEST(ReportAtARate, TextAccountsForWhatWasDue) {
  RunResult result = AtARate(525'000'000'000);
  EXPECT_THAT(TextReport(result, kPlain),
              HasSubstr("\n4.00 s, 525/s, at most 16 in flight, 2 agents, transport http1\n"));
  EXPECT_THAT(TextReport(result, kPlain), HasSubstr("  of 2,100 planned\n"));
  EXPECT_THAT(TextReport(result, kPlain),
              HasSubstr("\nUnsent          100  at the end, the oldest due for 3.20 s\n"));
  EXPECT_THAT(TextReport(result, kPlain), HasSubstr("\nConnections      16  opened, 11 at once\n"));
  EXPECT_THAT(TextReport(result, kPlain), Not(HasSubstr("Dropped")));

  result.plan.mutable_phases(0)->mutable_arrivals()->set_max_backlog(5);
  EXPECT_THAT(TextReport(result, kPlain),
              HasSubstr("\nDropped           0  beyond --max-backlog\n"));
  result.unsent = 0;
  EXPECT_THAT(TextReport(result, kPlain), HasSubstr("\nUnsent            0  at the end\n"));
}

TEST(ReportAtARate, RatesAreShownExactly) {
  const struct {
    uint64_t rate_nano;
    v1::ArrivalProcess process;
    const char* text;
  } rows[] = {
      {333'300'000'000, v1::ARRIVAL_PROCESS_CONSTANT, ", 333.3/s, "},
      {10'000'000'000'000, v1::ARRIVAL_PROCESS_CONSTANT, ", 10,000/s, "},
      {1, v1::ARRIVAL_PROCESS_CONSTANT, ", 0.000000001/s, "},
      {1'050'000'000, v1::ARRIVAL_PROCESS_POISSON, ", 1.05/s, poisson, "},
  };
  for (const auto& row : rows) {
    RunResult result = AtARate(row.rate_nano);
    result.plan.mutable_phases(0)->mutable_arrivals()->set_process(row.process);
    EXPECT_THAT(TextReport(result, kPlain), HasSubstr(row.text));
  }
}

TEST(ReportAtARate, JsonAccountsForWhatWasDue) {
  RunResult result = AtARate(333'300'000'000);
  Json json = Json::parse(JsonReport(result));
  EXPECT_EQ(json["totals"]["planned"], 2'100);
  EXPECT_EQ(json["totals"]["recorded"], 2'000);
  EXPECT_EQ(json["totals"]["dropped"], 0);
  EXPECT_EQ(json["totals"]["unsent"], 100);
  EXPECT_EQ(json["totals"]["oldest_unsent_ns"], 3'200'000'000);
  EXPECT_EQ(json["totals"]["peak_connections"], 11);
  EXPECT_EQ(json["plan"]["phases"][0]["arrivals"], Json({{"process", "constant"},
                                                         {"requests_per_second", 333.3},
                                                         {"replay_speed", nullptr},
                                                         {"max_backlog", nullptr}}));
  result.plan.mutable_phases(0)->mutable_arrivals()->set_process(v1::ARRIVAL_PROCESS_POISSON);
  result.plan.mutable_phases(0)->mutable_arrivals()->set_max_backlog(7);
  json = Json::parse(JsonReport(result));
  EXPECT_EQ(json["plan"]["phases"][0]["arrivals"]["process"], "poisson");
  EXPECT_EQ(json["plan"]["phases"][0]["arrivals"]["max_backlog"], 7);
}

TEST(ReportAtARate, JsonOfAClosedLoopHasNothingOfIt) {
  const Json json = Json::parse(JsonReport(ExampleResult()));
  EXPECT_EQ(json["totals"]["dropped"], 0);
  EXPECT_EQ(json["totals"]["unsent"], 0);
  EXPECT_TRUE(json["totals"]["oldest_unsent_ns"].is_null());
  EXPECT_TRUE(json["totals"]["peak_connections"].is_null());
  EXPECT_TRUE(json["plan"]["phases"][0]["arrivals"].is_null());
}

}  // namespace
}  // namespace squall
