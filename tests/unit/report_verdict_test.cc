#include "controller/report_verdict.h"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/example_result.h"

namespace squall {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr TextStyle kPlain{.colour = false, .utf8 = false, .width = 100};

RunResult WithVerdict(Verdict verdict) {
  RunResult result = ExampleResult();
  result.verdict = std::move(verdict);
  return result;
}

Verdict Slow() {
  return {.limit = Limit::kClient,
          .confidence = Confidence::kHigh,
          .agents = {"alpha"},
          .summary = "agent alpha, event loops were late",
          .evidence = {{"alpha", "event loops were late 75 % of the time"}, {"", "of the server"}},
          .tainted = {},
          .outliers = {{.name = "beta",
                        .p50 = 30 * kMillisecond,
                        .p99 = 40 * kMillisecond,
                        .others_p50 = 10'500,
                        .others_p99 = 20 * kMillisecond}}};
}

Verdict Saying(Limit limit) {
  Verdict verdict;
  verdict.limit = limit;
  verdict.summary = "so it is";
  return verdict;
}

std::vector<std::string> Lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(ReportVerdictTest, SaysItAndWhy) {
  EXPECT_EQ(VerdictSection(ExampleResult(), kPlain), "");
  EXPECT_EQ(
      VerdictSection(WithVerdict(Slow()), kPlain),
      "\n"
      "Verdict: client-limited (high confidence): agent alpha, event loops were late\n"
      "  alpha: event loops were late 75 % of the time\n"
      "  of the server\n"
      "  agent beta is out of line: p50 30.0 ms, p99 40.0 ms; the others' 10.5 us and 20.0 ms\n");
}

TEST(ReportVerdictTest, EveryLimitHasItsNameAndColour) {
  struct Case {
    Limit limit;
    const char* name;
    const char* colour;
  };
  const Case kCases[] = {
      {Limit::kUnknown, "unknown", ""},
      {Limit::kNone, "not limited", "\x1b[1m"},
      {Limit::kServer, "server-limited", "\x1b[1m"},
      {Limit::kClient, "client-limited", "\x1b[33m"},
      {Limit::kLink, "link-limited", "\x1b[33m"},
      {Limit::kPorts, "port-limited", "\x1b[33m"},
      {Limit::kFiles, "fd-limited", "\x1b[33m"},
      {Limit::kSchedule, "schedule-limited", "\x1b[33m"},
      {Limit::kMixed, "mixed", "\x1b[33m"},
  };
  for (const Case& test : kCases) {
    const RunResult result = WithVerdict(Saying(test.limit));
    const std::string line = std::string("Verdict: ") + test.name + " (low confidence): so it is";
    EXPECT_EQ(VerdictSection(result, kPlain), "\n" + line + "\n");
    const std::string coloured = VerdictSection(result, {.colour = true, .utf8 = true});
    EXPECT_THAT(coloured, testing::StartsWith("\n" + std::string(test.colour) + "Verdict: "))
        << test.name;
    EXPECT_EQ(coloured.find('\x1b') != std::string::npos, *test.colour != '\0') << test.name;
  }
}

// Names and words come from agents.
TEST(ReportVerdictTest, NamesCannotObeyTheTerminal) {
  const std::string name = "a\x1b[2J\x1b]0;title\x07\r\nVerdict: all is well\n\xe2\x80\xae\xff";
  Verdict verdict = Slow();
  verdict.summary = "agent " + name;
  verdict.evidence = {{name, "late at " + name}};
  verdict.outliers[0].name = name;
  verdict.outliers[0].others_p50 = kMillisecond;  // whose unit is ASCII
  const RunResult result = WithVerdict(verdict);
  for (const bool utf8 : {false, true}) {
    for (const int width : {100, 40}) {
      const std::string text = VerdictSection(result, {.utf8 = utf8, .width = width});
      int verdicts = 0;
      for (const std::string& line : Lines(text)) {
        if (line.starts_with("Verdict:")) ++verdicts;
        for (const char c : line) {
          EXPECT_TRUE(c >= ' ' && c <= '~') << "byte " << static_cast<int>(c) << " in " << line;
        }
      }
      EXPECT_EQ(verdicts, 1) << text;
      EXPECT_THAT(text, HasSubstr("a\\x1b[2J\\x1b]0;title\\x07"));
    }
  }
}

TEST(ReportVerdictTest, NoMoreThanAsciiWhereThatIsAll) {
  Verdict verdict = Slow();
  verdict.evidence = {{"z\xc3\xbcrich", "late"}};
  const RunResult result = WithVerdict(verdict);
  EXPECT_THAT(VerdictSection(result, kPlain), HasSubstr("z\\xc3\\xbcrich: late"));
  const std::string utf8 = VerdictSection(result, {.utf8 = true});
  EXPECT_THAT(utf8, HasSubstr("z\xc3\xbcrich: late"));
  EXPECT_THAT(utf8, HasSubstr("10.5 \xc2\xb5s"));
}

TEST(ReportVerdictTest, LinesFitTheTerminal) {
  Verdict verdict = Slow();
  verdict.summary = "one two three four five six seven eight nine ten eleven twelve thirteen";
  RunResult result = WithVerdict(verdict);
  result.tainted.emplace();
  result.tainted->service.Record(kMillisecond);
  for (const int width : {30, 50, 100}) {
    const std::vector<std::string> lines =
        Lines(VerdictSection(result, {.utf8 = false, .width = width}));
    EXPECT_GT(lines.size(), 5u);
    bool indented = true;  // all but the first two, the blank one and the verdict
    for (size_t i = 0; i < lines.size(); ++i) {
      EXPECT_LE(lines[i].size(), static_cast<size_t>(width)) << lines[i];
      indented = indented && (i < 2 || lines[i].starts_with("  "));
    }
    EXPECT_TRUE(indented);
  }
}

TEST(ReportVerdictTest, ManyReasonsAreCutShort) {
  Verdict verdict = Slow();
  verdict.evidence.assign(12, {"alpha", "late"});
  EXPECT_THAT(VerdictSection(WithVerdict(verdict), kPlain), Not(HasSubstr("more")));
  verdict.evidence.assign(40, {"alpha", "late"});
  const std::string text = VerdictSection(WithVerdict(verdict), kPlain);
  EXPECT_THAT(text, HasSubstr("  and 28 more\n"));
  EXPECT_EQ(Lines(text).size(), 1 + 1 + 12 + 1 + 1u);
}

TEST(ReportVerdictTest, TellsTheLatenciesWithoutTaintedTime) {
  RunResult result = WithVerdict(Saying(Limit::kNone));
  EXPECT_THAT(VerdictSection(result, kPlain), Not(HasSubstr("without")));
  result.tainted = Tainted{.service = result.fleet.success_service, .response = {}};
  EXPECT_THAT(VerdictSection(result, kPlain),
              HasSubstr("  clients were the limit all the time: no latency is without that\n"));

  // The slower half was slow because of the client.
  result.tainted->service = {};
  for (uint64_t value = 1500; value < 2000; ++value) {
    for (int agent = 0; agent < 2; ++agent) result.tainted->service.Record(value * 1000);
  }
  const std::string text = VerdictSection(result, {.utf8 = false, .width = 1000});
  EXPECT_THAT(text, HasSubstr("service time without the time in which clients were the limit ("));
  EXPECT_THAT(text, HasSubstr("of the successes): p50 1.25 ms, p99 1.50 ms, max 1.50 ms\n"));
}

TEST(ReportVerdictTest, UnderARateTheResponseTimeCounts) {
  RunResult result = ExampleOpenLoopResult();
  result.verdict.emplace();
  result.tainted.emplace();
  result.tainted->response.Record(kMillisecond);
  EXPECT_THAT(VerdictSection(result, {.utf8 = false, .width = 1000}),
              HasSubstr("  response time without the time in which"));
}

}  // namespace
}  // namespace squall
