#include "controller/reconcile.h"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/reconcile_conclusion.h"
#include "controller/reconcile_report.h"

namespace squall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::string kRun = "20261124T023500Z-1a2b";
const std::string kOther = "20261123T000000Z-ffff";

// 100 requests, all answered by 200.
RunFacts Facts() {
  RunFacts facts;
  facts.id = kRun;
  facts.state = "complete";
  facts.tagged = true;
  facts.planned = facts.recorded = 100;
  facts.statuses = {{200, 100}};
  facts.runs = {{0, 100}};
  return facts;
}

// The log that Facts() must have.
std::vector<AccessLine> Log() {
  std::vector<AccessLine> log;
  for (uint64_t n = 0; n < 100; ++n) log.push_back({200, kRun, false, n});
  return log;
}

absl::StatusOr<Reconciliation> Found(const RunFacts& facts, const std::vector<AccessLine>& log) {
  Reconciler reconciler(facts);
  for (const AccessLine& line : log) {
    if (absl::Status status = reconciler.Add(line); !status.ok()) return status;
  }
  return reconciler.Finish();
}

TEST(Reconciler, FindsEachDifference) {
  const RunFacts facts = Facts();
  std::vector<AccessLine> log = Log();
  log.erase(log.begin() + 10, log.begin() + 13);  // 10, 11, 12 are not logged
  log.push_back(log[5]);
  log.push_back(log[5]);
  log.push_back(log[6]);
  log[20].status = 500;
  log.push_back({404, kRun, false, 1'000'000});
  log.push_back({404, kRun, false, 1'000'000});
  log.push_back({200, kRun, true, 5});
  log.push_back({200, kOther, false, 10});
  log.push_back({.status = 200});
  const auto found = Found(facts, log);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->by_number);
  EXPECT_EQ(found->lines, log.size());
  EXPECT_EQ(found->warm_up, 1u);
  EXPECT_EQ(found->other_runs, 1u);
  EXPECT_EQ(found->untagged, 1u);
  EXPECT_EQ(found->once, 95u);
  EXPECT_EQ(found->more_often, 2u);
  EXPECT_EQ(found->never, 3u);
  EXPECT_THAT(found->first_never, ElementsAre(10, 11, 12));
  EXPECT_EQ(found->not_recorded, 1u);
  EXPECT_THAT(found->first_not_recorded, ElementsAre(1'000'000));
  EXPECT_EQ(found->repeated, 3u);
  EXPECT_EQ(found->repeated_lines, 4u);
  EXPECT_THAT(found->first_repeated, ElementsAre(Pair(5, 3), Pair(6, 2), Pair(1'000'000, 2)));
  EXPECT_EQ(found->statuses.at(200).recorded, 100u);
  EXPECT_EQ(found->statuses.at(200).first, 96u);
  EXPECT_EQ(found->statuses.at(200).again, 3u);
  EXPECT_EQ(found->statuses.at(404).not_recorded, 1u);
  EXPECT_EQ(found->statuses.at(404).again, 1u);
  EXPECT_EQ(found->statuses.at(500).first, 1u);
  const Conclusion conclusion = Judge(facts, *found);
  EXPECT_FALSE(conclusion.agrees);
  EXPECT_EQ(conclusion.other_status, 1u);
  EXPECT_EQ(conclusion.sentence,
            "log and result differ: 3 of 100 requests are not in the log; 1 in the log is not "
            "recorded; 3 are there more than once; at least 1 is there with another status");
}

TEST(Reconciler, LooksForEachNumberInItsRun) {
  RunFacts facts = Facts();
  facts.runs = {{5, 35}, {50, 1}, {60, 64}};
  std::vector<AccessLine> log = Log();
  for (uint64_t n = 100; n < 120; ++n) log.push_back({200, kRun, false, 219 - n});
  const auto found = Found(facts, log);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->never, 4u);
  EXPECT_THAT(found->first_never, ElementsAre(120, 121, 122, 123));
  EXPECT_EQ(found->once, 96u);
  EXPECT_EQ(found->not_recorded, 24u) << "0 to 4, 40 to 49, 51 to 59";
  EXPECT_THAT(found->first_not_recorded, ElementsAre(0, 1, 2, 3, 4, 40, 41, 42, 43, 44));
}

struct ConclusionCase {
  std::string name;
  std::function<void(RunFacts&, std::vector<AccessLine>&)> change;
  bool agrees = true;
  std::string conclusion;
  std::string note = "";  // part of one; empty: there is none
};

TEST(Judge, SaysWhatFollows) {
  using Log_ = std::vector<AccessLine>;
  const auto fail = [](RunFacts& facts, uint64_t count) {  // so many without a response
    facts.statuses[200] -= count;
    facts.without_response += count;
  };
  const auto untag = [](RunFacts& facts, Log_& log) {
    facts.tagged = false;
    facts.runs.reset();
    for (AccessLine& line : log) line = {.status = line.status};
  };
  const std::vector<ConclusionCase> cases = {
      {"nothing differs", [](RunFacts&, Log_&) {}, true,
       "all 100 requests are in the log, each once"},
      {"failures that never came there",
       [&](RunFacts& facts, Log_& log) {
         fail(facts, 3);
         log.resize(98);
       },
       true,
       "98 of 100 requests are in the log, and the other 2 can be those that failed without a "
       "response (3)"},
      {"failures that came there with a status",
       [&](RunFacts& facts, Log_& log) {
         fail(facts, 3);
         log[7].status = 499;
       },
       true, "all 100 requests are in the log, each once"},
      {"more are missing than failed",
       [&](RunFacts& facts, Log_& log) {
         fail(facts, 3);
         log.resize(95);
       },
       false, "log and result differ: 5 of 100 requests are not in the log",
       "at least 2 of those that are missing were answered"},
      {"resent",
       [](RunFacts& facts, Log_& log) {
         facts.resent = 2;
         log.push_back(log[3]);
         log.push_back(log[4]);
       },
       true,
       "all 100 requests are in the log; 2 more than once, as resent or possibly repeated requests "
       "may be"},
      {"resent, and then some",
       [](RunFacts& facts, Log_& log) {
         facts.resent = 1;
         log.push_back(log[3]);
         log.push_back(log[3]);
       },
       false, "log and result differ: 1 is there more than once"},
      {"of a lost agent",
       [](RunFacts& facts, Log_& log) {
         facts.possibly_repeated = 4;
         log.push_back({200, kRun, false, 100});
         log.push_back(log[3]);
       },
       true,
       "all 100 requests are in the log; 1 more than once, as resent or possibly repeated requests "
       "may be; 1 that is not recorded can be of lost agents"},
      {"another status", [](RunFacts&, Log_& log) { log[3].status = log[4].status = 500; }, false,
       "log and result differ: at least 2 are there with another status"},
      {"redirects",
       [](RunFacts& facts, Log_& log) {
         facts.follows = true;
         for (AccessLine line : Log()) {
           line.status = 302;
           log.push_back(line);
         }
       },
       true, "all 100 requests are in the log; 100 more than once, as redirects were followed",
       "redirects were followed"},
      {"numbers are not known",
       [](RunFacts& facts, Log_& log) {
         facts.runs.reset();
         log.resize(99);
       },
       false, "log and result differ: 1 of 100 requests is not in the log", "only the difference"},
      {"more numbers than are known",
       [](RunFacts& facts, Log_& log) {
         facts.runs.reset();
         log.push_back({200, kRun, false, 100});
       },
       false,
       "log and result differ: 1 in the log is not recorded; at least 1 is there with another "
       "status",
       "only the difference"},
      {"interrupted", [](RunFacts& facts, Log_&) { facts.state = "interrupted"; }, true,
       "all 100 requests are in the log, each once", "did not come to its end"},
      {"not tagged", [&](RunFacts& facts, Log_& log) { untag(facts, log); }, true,
       "the log has 100 lines, and the run sent 100 requests: the counts agree", "not tagged"},
      {"no headers in the log",
       [](RunFacts&, Log_& log) {
         for (AccessLine& line : log) line = {.status = 200};
       },
       true, "the log has 100 lines, and the run sent 100 requests: the counts agree",
       "log Squall-Run"},
      {"not tagged, and too few",
       [&](RunFacts& facts, Log_& log) {
         untag(facts, log);
         log.pop_back();
       },
       false,
       "the log has 99 lines, and the run sent 100 requests: of the answers recorded, 1 is missing "
       "in the log, counted by status",
       "not tagged"},
      {"not tagged, and too many",
       [&](RunFacts& facts, Log_& log) {
         untag(facts, log);
         facts.resent = 1;
         log.resize(103, {.status = 200});
       },
       false,
       "the log has 103 lines, and the run sent 100 requests to 101: 2 lines are not from it",
       "not tagged"},
      {"not tagged, after a warm-up",
       [&](RunFacts& facts, Log_& log) {
         untag(facts, log);
         facts.warm_up = 10;
         log.resize(110, {.status = 200});
       },
       true, "the log has 110 lines, and the run sent 110 requests: the counts agree",
       "10 requests of the warm-up"},
      {"not tagged, with failures",
       [&](RunFacts& facts, Log_& log) {
         untag(facts, log);
         fail(facts, 5);
         log.resize(96);
       },
       true, "the log has 96 lines, and the run sent 100 requests: the counts agree", "not tagged"},
  };
  for (const ConclusionCase& test : cases) {
    SCOPED_TRACE(test.name);
    RunFacts facts = Facts();
    std::vector<AccessLine> log = Log();
    test.change(facts, log);
    const auto found = Found(facts, log);
    EXPECT_TRUE(found.ok()) << found.status();
    if (!found.ok()) continue;
    const Conclusion conclusion = Judge(facts, *found);
    EXPECT_EQ(conclusion.agrees, test.agrees);
    EXPECT_EQ(conclusion.sentence, test.conclusion);
    if (test.note.empty()) {
      EXPECT_THAT(conclusion.notes, ElementsAre());
    } else {
      EXPECT_THAT(conclusion.notes, ::testing::Contains(HasSubstr(test.note)));
    }
  }
}

TEST(Reconciler, RefusesOtherLogs) {
  const RunFacts facts = Facts();
  EXPECT_THAT(std::string(Found(facts, {}).status().message()), HasSubstr("no line in the log"));
  EXPECT_EQ(Found(facts, {{200, kOther, false, 1}, {.status = 200}}).status().message(),
            "no line is of run " + kRun + ", but 1 of other runs, e.g. " + kOther +
                ": name the result of that run, or the log of this one");
  Reconciler half(facts);
  ASSERT_TRUE(half.Add({200, kRun, false, 1}).ok());
  half.AddUnreadable();
  EXPECT_TRUE(half.Finish().ok()) << "one of two lines";
  Reconciler more(facts);
  ASSERT_TRUE(more.Add({200, kRun, false, 1}).ok());
  more.AddUnreadable();
  more.AddUnreadable();
  EXPECT_THAT(std::string(more.Finish().status().message()), HasSubstr("2 of 3 lines"));
  Reconciler scattered(facts);
  absl::Status status;
  for (uint64_t n = 0; n < 100'000 && status.ok(); ++n) {
    status = scattered.Add({200, kRun, false, n << 20});
  }
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot have had"));
}

TEST(ReconcileReport, SaysItInBothForms) {
  ReconcileReport report;
  report.result = "result.json";
  report.logs = {"access.log"};
  report.facts = Facts();
  std::vector<AccessLine> log = Log();
  log.erase(log.begin() + 3);
  log.push_back(log[5]);
  report.found = *Found(report.facts, log);
  report.conclusion = Judge(report.facts, report.found);
  report.unreadable = {{"access.log", 17, "\x1b[2J\xff and more"}};
  const std::string text = ReconcileText(report, {});
  EXPECT_THAT(text, ::testing::StartsWith("log and result differ: "));
  EXPECT_THAT(text, HasSubstr("recorded and never logged, first: 3\n"));
  EXPECT_THAT(text, HasSubstr("logged more than once, first: 6 (2 times)\n"));
  EXPECT_THAT(text, HasSubstr("access.log: line 17: \\x1b[2J\\xff and more\n"));
  const auto json = nlohmann::json::parse(ReconcileJson(report), nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["agrees"], false);
  EXPECT_EQ(json["requests"]["never_logged"], 1);
  EXPECT_EQ(json["requests"]["first_repeated"][0]["lines"], 2);
  EXPECT_EQ(json["status_codes"]["200"]["first_lines"], 99);
  EXPECT_EQ(json["log"]["first_unreadable"]["line"], 17);
}

}  // namespace
}  // namespace squall
