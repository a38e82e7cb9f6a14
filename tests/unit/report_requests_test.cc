#include "controller/report_requests.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/report_text.h"
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
