// What done() of a script is told of a run.
#include "controller/script_end.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/example_result.h"

namespace squall {
namespace {

RunResult WithScript(const std::string& text) {
  RunResult result = ExampleResult();
  result.plan.mutable_request()->set_url("http://127.0.0.1/");
  result.plan.mutable_script()->set_name("test.lua");
  result.plan.mutable_script()->set_text(text);
  return result;
}

TEST(ScriptEnd, SumsUpTheFleet) {
  const ScriptSummary summary = ScriptSummaryOf(ExampleResult());
  EXPECT_EQ(summary.duration, 4 * kSecond);
  EXPECT_EQ(summary.requests, 1997u) << "those that were answered";
  EXPECT_EQ(summary.bytes, 1997u * 500);
  EXPECT_EQ(summary.status, 3u);
  EXPECT_EQ(summary.timeout, 3u);
  EXPECT_EQ(summary.connect + summary.read + summary.write, 0u);
  EXPECT_EQ(summary.latency.count, 2000u);
  EXPECT_EQ(summary.latency.min, 1000);
  EXPECT_NEAR(summary.latency.max, 1999, 2);
  EXPECT_NEAR(summary.latency.Percentile(50), 1500, 2);
  EXPECT_EQ(summary.rates.count, 2u) << "the third agent sent nothing";
  EXPECT_DOUBLE_EQ(summary.rates.mean, 250);
}

TEST(ScriptEnd, CallsDoneWithIt) {
  std::string said;
  const absl::Status status =
      EndScript(WithScript("function done(summary, latency, requests) print(summary.requests, "
                           "summary.errors.status, requests.mean) end"),
                [&said](std::string_view text) { said += text; });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(said, "1997\t3\t250\n");
}

TEST(ScriptEnd, SaysWhereDoneFails) {
  const absl::Status status =
      EndScript(WithScript("\nfunction done(summary) return summary.errors.none + 1 end"),
                [](std::string_view) {});
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("test.lua:2: attempt to perform"));
}

TEST(ScriptEnd, IsNothingWithoutOne) {
  EXPECT_TRUE(EndScript(ExampleResult(), nullptr).ok());
  EXPECT_TRUE(EndScript(WithScript(""), nullptr).ok());
}

}  // namespace
}  // namespace squall
