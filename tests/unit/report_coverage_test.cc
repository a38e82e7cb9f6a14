#include "controller/report_coverage.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/report_json.h"
#include "tests/support/example_result.h"

namespace squall {
namespace {

constexpr TextStyle kPlain{false, false, 200};
constexpr uint64_t kMillion = 1'000'003;

std::string TextOf(const std::optional<CoverageResult>& coverage) {
  RunResult result;
  result.coverage = coverage;
  TextTable table({TextTable::Align::kLeft, TextTable::Align::kRight, TextTable::Align::kLeft});
  AddCoverage(result, table);
  return table.ToString(kPlain, 0);
}

TEST(ReportCoverage, SaysHowOftenAndWhatIsMissed) {
  struct Case {
    const char* name;
    CoverageResult coverage;
    const char* text;
  };
  const Case cases[] = {
      {"a part of one pass",
       {.listed = kMillion,
        .distinct = 700'000,
        .times_least = 0,
        .times_most = 1,
        .whole_passes = 0,
        .open_passes = {{0, 1, 700'000}}},
       "Coverage  700,000  of 1,000,003 URLs, none more than once (pass 1: 70.00 %)\n"
       "  missed  300,003  not requested; --coverage FILE names them\n"},
      {"one pass",
       {.listed = 1, .distinct = 1, .times_least = 1, .times_most = 1, .whole_passes = 1},
       "Coverage  1  of 1 URL, each once (1 whole pass)\n"},
      {"two passes and a half",
       {.listed = kMillion,
        .distinct = kMillion,
        .times_least = 2,
        .times_most = 3,
        .whole_passes = 2,
        .open_passes = {{2, 1, 500'000}}},
       "Coverage  1,000,003  of 1,000,003 URLs, each 2 to 3 times (2 whole passes, pass 3: "
       "50.00 %)\n"},
      {"many passes with gaps",
       {.listed = 10,
        .distinct = 10,
        .times_least = {},
        .times_most = 6,
        .whole_passes = 1,
        .open_passes = {{1, 1, 9}, {2, 1, 8}, {4, 2, 7}, {6, 1, 6}, {7, 4, 5}},
        .more_open_passes = 3},
       "Coverage  10  of 10 URLs, each at most 6 times (1 whole pass, pass 2: 90.00 %, pass 3: "
       "80.00 %, "
       "passes 5 to 6: 35.00 %, 8 more not whole)\n"},
      {"gaps, and the most is not known",
       {.listed = 10,
        .distinct = 10,
        .times_least = 1,
        .times_most = {},
        .whole_passes = 1,
        .open_passes = {{1, 1, 4}, {2, 1, 4}}},
       "Coverage  10  of 10 URLs, each at least once (1 whole pass, pass 2: 40.00 %, pass 3: 40.00 "
       "%)\n"},
      {"random order",
       {.listed = 10, .distinct = 7, .times_least = 0},
       "Coverage  7  of 10 URLs\n"
       "  missed  3  not requested; --coverage FILE names them\n"},
      {"nothing was sent",
       {.listed = 10, .distinct = 0, .times_least = 0, .times_most = 0, .whole_passes = 0},
       "Coverage   0  of 10 URLs\n"
       "  missed  10  not requested; --coverage FILE names them\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(TextOf(c.coverage), c.text) << c.name;
  EXPECT_EQ(TextOf(std::nullopt), "") << "no list";
}

TEST(ReportCoverage, IsInTheJson) {
  RunResult result = ExampleResult();
  result.coverage = {.listed = 10,
                     .distinct = 9,
                     .times_least = 0,
                     .times_most = {},
                     .whole_passes = 0,
                     .open_passes = {{1, 1, 4}, {2, 4, 11}},
                     .more_open_passes = 3};
  EXPECT_EQ(nlohmann::json::parse(JsonReport(result))["coverage"],
            nlohmann::json({{"listed", 10},
                            {"distinct", 9},
                            {"missed", 1},
                            {"whole_passes", 0},
                            {"passes",
                             {{{"pass", 2}, {"held", 4}, {"of", 10}},
                              {{"pass", 3}, {"held", 11}, {"of", 40}}}},
                            {"more_passes", 3},
                            {"times_least", 0},
                            {"times_most", nullptr},
                            {"possibly_repeated", 5}}));
  result.coverage.reset();
  EXPECT_TRUE(nlohmann::json::parse(JsonReport(result))["coverage"].is_null());
}

}  // namespace
}  // namespace squall
