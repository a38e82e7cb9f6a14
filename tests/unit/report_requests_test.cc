#include "controller/report_requests.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/report_text.h"
#include "controller/summary.h"
#include "tests/support/example_result.h"

namespace squall {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr TextStyle kPlain{false, false, 100};

TEST(TextReport, HasALineForEachNamedRequest) {
  const std::string text = TextReport(ExampleMixResult(), kPlain);
  EXPECT_THAT(text, StartsWith("2 requests by weight: list 3, view 1, seed 42\n"));
  EXPECT_THAT(text, HasSubstr(R"(
By request (service time of successes)
        requests  a second  failed      p50      p90      p99
  list     1,500     375.0       5  1.50 ms  1.90 ms  1.99 ms
  view       500     125.0       1  1.50 ms  1.90 ms  1.99 ms
)"));
}

TEST(TextReport, HasALineForEachStepOfUsers) {
  const RunResult result = ExampleUsersResult();
  const std::string text = TextReport(result, kPlain);
  EXPECT_THAT(text, HasSubstr("2,000 flows, 16 users at once, "));
  EXPECT_THAT(text, HasSubstr("users of script shop.lua"));
  EXPECT_THAT(text, HasSubstr("4,000 in all"));
  EXPECT_THAT(text, HasSubstr("Service time of flows\n"));
  EXPECT_THAT(text, HasSubstr(R"(
By step (service time of successes)
         requests  a second  failed      p50      p90      p99
  item      2,000     500.0       6  1.50 ms  1.90 ms  1.99 ms
  login     2,000     500.0       0  1.00 ms  1.00 ms  1.00 ms
)"));
  EXPECT_THAT(text, HasSubstr("  200  3,994")) << "statuses are of requests";
}

TEST(TextReport, AnswersToUsersAreAnswersEvenIfNoFlowEndsWell) {
  RunResult result = ExampleUsersResult();
  result.fleet = {};
  for (uint64_t n = 0; n < 9; ++n) {
    result.fleet.Add(n, {.service = 1}, {.kind = v1::FAILURE_KIND_SCRIPT});
  }
  EXPECT_EQ(ResponsesOf(result), 3997u) << "but for what timed out";
  EXPECT_EQ(TextReport(result, kPlain).find("Not one response"), std::string::npos);
  result.steps = {};
  EXPECT_THAT(TextReport(result, kPlain), StartsWith("Not one response came"));
}

TEST(TextReport, SaysWhatIsExpectedOfNamedRequests) {
  RunResult result = ExampleMixResult();
  result.plan.mutable_mix(0)->mutable_checks()->add_bodies("x");
  EXPECT_THAT(TextReport(result, kPlain), HasSubstr("expecting what the plan says of each"));
  *result.plan.mutable_mix(1)->mutable_checks() = result.plan.mix(0).checks();
  EXPECT_THAT(TextReport(result, kPlain), HasSubstr("expecting body x"));
}

TEST(TextReport, NamesAreSafeToPrint) {
  RunResult result = ExampleMixResult();
  result.plan.mutable_mix(0)->set_name("a\x1b[2J");
  EXPECT_THAT(RequestsSection(result, kPlain), HasSubstr("a\\x1b[2J"));
  EXPECT_EQ(TextReport(result, kPlain).find('\x1b'), std::string::npos);
}

TEST(TextReport, OfRequestsByNameOnlyWhereThereAreSome) {
  EXPECT_EQ(RequestsSection(ExampleResult(), kPlain), "");
}

}  // namespace
}  // namespace squall
