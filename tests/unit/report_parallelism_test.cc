#include "controller/report_parallelism.h"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/report_json.h"
#include "tests/support/example_result.h"

namespace squall {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr TextStyle kPlain{.colour = false, .utf8 = false, .width = 100};

RunResult WithServer(const std::optional<ServerParallelism>& server) {
  RunResult result = ExampleResult();
  result.elapsed = 10 * kSecond;
  result.parallelism.emplace();
  result.parallelism->asked = 64;
  result.parallelism->server = server;
  return result;
}

struct Case {
  const char* name;
  ServerParallelism server;
  const char* line;
};

const Case kCases[] = {
    {"all of the run",
     {.target = true, .mean = 63.64, .from = 0, .to = 10 * kSecond, .most = 64, .peak = 1000},
     "by the target's own count  63.6  on average, at most 64 at once\n"},
    {"nearly all of it",
     {.target = true, .mean = 63.64, .from = kSecond / 10, .to = 9'900 * kMillisecond, .most = 64},
     "by the target's own count  63.6  on average, at most 64 at once\n"},
    {"a part of it",
     {.mean = 63.64, .from = kSecond, .to = 9 * kSecond, .most = 1064},
     "by the server's own count  63.6  on average from 1.00 s on until 9.00 s, at most 1,064 at "
     "once\n"},
    {"a peak of whatever time",
     {.mean = 63.64, .from = 0, .to = 10 * kSecond, .peak = 99},
     "by the server's own count  63.6  on average, at most 99 at once since it began to count\n"},
    {"a mean alone",
     {.mean = 63.64, .from = 0, .to = 10 * kSecond},
     "by the server's own count  63.6  on average\n"},
    {"a peak alone", {.most = 64}, "by the server's own count       at most 64 at once\n"},
};

TEST(ReportParallelism, SetsTheServersOwnCountBesideIt) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    EXPECT_THAT(ParallelismSection(WithServer(row.server), kPlain), HasSubstr(row.line));
  }
  EXPECT_THAT(ParallelismSection(WithServer(std::nullopt), kPlain), Not(HasSubstr("own count")));
}

TEST(ReportParallelism, TellsProgramsOfIt) {
  const auto json = [](const std::optional<ServerParallelism>& server) {
    return Json::parse(JsonReport(WithServer(server)))["parallelism"]["server"];
  };
  EXPECT_EQ(json(std::nullopt), Json());
  EXPECT_EQ(json(kCases[0].server), Json({{"target", true},
                                          {"mean", 63.64},
                                          {"from_ns", 0},
                                          {"to_ns", 10 * kSecond},
                                          {"max", 64},
                                          {"peak_since_start", 1000}}));
  EXPECT_EQ(json(ServerParallelism{.peak = 9}), Json({{"target", false},
                                                      {"mean", nullptr},
                                                      {"from_ns", nullptr},
                                                      {"to_ns", nullptr},
                                                      {"max", nullptr},
                                                      {"peak_since_start", 9}}));
}

}  // namespace
}  // namespace squall
