// What agents show. The server and the schedule are in verdict_server_test.cc.
#include "controller/verdict.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/evidence_support.h"

namespace squall {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

constexpr int kSeconds = 100;

// A closed loop over a server that is slow, but not busy.
VerdictFacts UsualFacts() {
  VerdictFacts facts;
  facts.concurrency = 64;
  facts.elapsed = kSeconds * kSecond;
  facts.planned = facts.recorded = facts.succeeded = 100'000;
  facts.service_mean = 10e6;
  return facts;
}

struct Shown {
  std::vector<Sign> signs;
  int seconds = kSeconds;
};

struct Case {
  const char* name;
  std::vector<Shown> agents;  // called a, b, c
  Limit limit;
  std::vector<std::string> named;
  std::string summary;
  std::vector<std::string> evidence;  // parts of each
};

int JustTooShort() { return static_cast<int>(kThresholds.long_enough * kSeconds) - 1; }
int JustLongEnough() { return JustTooShort() + 2; }

std::vector<Case> Cases() {
  return {
      {"nothing", {{}, {}, {}}, Limit::kNone, {}, "raise -c", {}},
      {"waiting for a core",
       {{{Sign::kCpuWaited}}},
       Limit::kClient,
       {"a"},
       "agent a, worker threads waited for CPU 75 % of the time",
       {"worker threads waited for CPU 75 % of the time"}},
      {"using a core",
       {{{Sign::kCpuUsed}}},
       Limit::kClient,
       {"a"},
       "100 % of a core",
       {"a worker thread used 100 % of a core"}},
      {"late",
       {{{Sign::kLate}}},
       Limit::kClient,
       {"a"},
       "stopped or starved",
       {"event loops were late 75 %"}},
      {"throttled",
       {{{Sign::kThrottled}}},
       Limit::kClient,
       {"a"},
       "quota",
       {"its CPU quota was used up 75 % of the time (cgroup)"}},
      {"stolen",
       {{{Sign::kStolen}}},
       Limit::kClient,
       {"a"},
       "other virtual machines",
       {"other virtual machines had 75 % of its cores"}},
      {"a full link",
       {{{Sign::kLinkFull}}},
       Limit::kLink,
       {"a"},
       "99.2 Mbit/s of 100 Mbit/s",
       {"99.2 Mbit/s of 100 Mbit/s through eth0"}},
      {"a queue on the way",
       {{{Sign::kLinkQueue}}},
       Limit::kLink,
       {"a"},
       "round trips",
       {"round trips to the server took 500 ms, 200 us at best"}},
      {"loss on the way",
       {{{Sign::kLinkLoss}}},
       Limit::kLink,
       {"a"},
       "25.0 %",
       {"25.0 % of TCP segments were lost"}},
      {"no ports",
       {{{Sign::kNoPort}}},
       Limit::kPorts,
       {"a"},
       "no local port free",
       {"50,000 connections found no local port free, of 28,232"}},
      {"no files",
       {{{Sign::kNoFile}}},
       Limit::kFiles,
       {"a"},
       "limit of open files",
       {"50,000 connections found the limit of open files reached, 1,024"}},
      {"ports over client and link",
       {{{Sign::kNoPort, Sign::kCpuUsed, Sign::kLinkLoss}}},
       Limit::kPorts,
       {"a"},
       "no local port",
       {"no local port"}},
      {"files over client",
       {{{Sign::kNoFile, Sign::kCpuWaited}}},
       Limit::kFiles,
       {"a"},
       "limit of open files",
       {"limit of open files"}},
      {"client and link",
       {{{Sign::kLinkFull, Sign::kCpuUsed}}},
       Limit::kMixed,
       {"a"},
       "agent a, a worker thread used",
       {"a worker thread used", "through eth0"}},
      {"client here, ports there",
       {{{Sign::kCpuUsed}}, {{Sign::kNoPort}}},
       Limit::kMixed,
       {"a", "b"},
       "agent a, a worker thread used 100 % of a core; 2 agents in all",
       {"a worker thread used", "no local port"}},
      {"the strongest first",
       {{{Sign::kCpuWaited, Sign::kCpuUsed}}},
       Limit::kClient,
       {"a"},
       "agent a, a worker thread used",
       {"a worker thread used", "worker threads waited"}},
      {"one of three",
       {{}, {{Sign::kLate}}, {}},
       Limit::kClient,
       {"b"},
       "agent b, ",
       {"event loops were late"}},
      {"two of three in one way",
       {{{Sign::kLate}}, {}, {{Sign::kStolen}}},
       Limit::kClient,
       {"a", "c"},
       "2 agents in all",
       {"event loops", "other virtual machines"}},
      {"not long enough", {{{Sign::kLate}, JustTooShort()}}, Limit::kNone, {}, "raise -c", {}},
      {"long enough",
       {{{Sign::kLate}, JustLongEnough()}},
       Limit::kClient,
       {"a"},
       "event loops",
       {" from 01:"}},
  };
}

TEST(VerdictTest, AgentsAreLimitedByWhatTheyShow) {
  for (const Case& test : Cases()) {
    SCOPED_TRACE(test.name);
    std::vector<AgentEvidence> evidence;
    for (const Shown& agent : test.agents) {
      evidence.push_back(EvidenceOf(kSeconds, agent.seconds, agent.signs));
    }
    VerdictFacts facts = UsualFacts();
    for (size_t i = 0; i < evidence.size(); ++i) {
      facts.agents.push_back(
          {.name = std::string(1, static_cast<char>('a' + i)), .evidence = &evidence[i]});
    }
    const Verdict verdict = Judge(facts);
    EXPECT_EQ(LimitName(verdict.limit), LimitName(test.limit));
    EXPECT_THAT(verdict.agents, ElementsAreArray(test.named));
    EXPECT_THAT(verdict.summary, HasSubstr(test.summary));
    EXPECT_EQ(ConfidenceName(verdict.confidence),
              ConfidenceName(test.limit == Limit::kMixed || test.limit == Limit::kNone
                                 ? Confidence::kMedium
                                 : Confidence::kHigh));
    ASSERT_EQ(verdict.evidence.size(), test.evidence.size());
    for (size_t i = 0; i < test.evidence.size(); ++i) {
      EXPECT_THAT(verdict.evidence[i].text, HasSubstr(test.evidence[i]));
      EXPECT_THAT(test.named, testing::Contains(verdict.evidence[i].agent));
    }
  }
}

TEST(VerdictTest, TaintedIntervalsAreToldEvenIfTheyLimitNothing) {
  const AgentEvidence evidence = EvidenceOf(kSeconds, 1, {Sign::kLate});
  VerdictFacts facts = UsualFacts();
  facts.agents = {{.name = "one"}, {.name = "two", .evidence = &evidence}};
  const Verdict verdict = Judge(facts);
  EXPECT_EQ(verdict.limit, Limit::kNone);
  ASSERT_EQ(verdict.tainted.size(), 1u);
  EXPECT_EQ(verdict.tainted[0].agent, "two");
  EXPECT_EQ(verdict.tainted[0].interval.from, (kSeconds - 1) * kSecond);
  EXPECT_EQ(verdict.tainted[0].interval.to, kSeconds * kSecond);
}

TEST(VerdictTest, ShortRunsTellNothing) {
  const AgentEvidence evidence = EvidenceOf(1, 1, {Sign::kLate});
  struct Short {
    const char* name;
    uint64_t recorded;
    Nanos elapsed;
    const AgentEvidence* evidence;
    Limit limit;
  };
  const Short kCases[] = {
      {"long enough", kThresholds.requests, kThresholds.elapsed, nullptr, Limit::kNone},
      {"few requests", kThresholds.requests - 1, kSecond, nullptr, Limit::kUnknown},
      {"little time", 100'000, kThresholds.elapsed - 1, nullptr, Limit::kUnknown},
      {"nothing at all", 0, 0, nullptr, Limit::kUnknown},
      {"few requests of an agent in need", 1, kSecond, &evidence, Limit::kClient},
  };
  for (const Short& test : kCases) {
    SCOPED_TRACE(test.name);
    VerdictFacts facts = UsualFacts();
    facts.planned = facts.recorded = facts.succeeded = test.recorded;
    facts.elapsed = test.elapsed;
    facts.agents = {{.name = "a", .evidence = test.evidence}};
    const Verdict verdict = Judge(facts);
    EXPECT_EQ(LimitName(verdict.limit), LimitName(test.limit));
    if (test.limit != Limit::kUnknown) continue;
    EXPECT_EQ(verdict.confidence, Confidence::kLow);
    EXPECT_EQ(verdict.summary, "too short to tell");
  }
}

TEST(VerdictTest, AgentsOutOfLineAreNamed) {
  constexpr Nanos kUsual = 10 * kThresholds.outlier_least;
  const auto slow = static_cast<Nanos>(kThresholds.outlier_times * kUsual);
  constexpr uint64_t kEnough = kThresholds.outlier_requests;
  // Of others so fast that only the difference counts.
  constexpr Nanos kFast = kThresholds.outlier_least / 100;
  struct Outliers {
    const char* name;
    std::vector<AgentFacts> agents;
    std::vector<std::string> expected;
  };
  const auto agent = [](const char* name, Nanos p50, uint64_t succeeded) {
    return AgentFacts{.name = name, .succeeded = succeeded, .p50 = p50, .p99 = 2 * p50};
  };
  const Outliers kCases[] = {
      {"alike",
       {agent("a", kUsual, kEnough), agent("b", kUsual, kEnough), agent("c", slow, kEnough)},
       {}},
      {"one of three",
       {agent("a", kUsual, kEnough), agent("b", slow + 1, kEnough), agent("c", kUsual, kEnough)},
       {"b"}},
      {"of two nobody knows which",
       {agent("a", kUsual, kEnough), agent("b", 9 * slow, kEnough)},
       {}},
      {"one of two that had enough",
       {agent("a", kUsual, kEnough), agent("b", 9 * slow, kEnough),
        agent("c", kUsual, kEnough - 1)},
       {}},
      {"a little slower",
       {agent("a", kFast, kEnough), agent("b", kFast + kThresholds.outlier_least - 1, kEnough),
        agent("c", kFast, kEnough)},
       {}},
      {"slower",
       {agent("a", kFast, kEnough), agent("b", kFast + kThresholds.outlier_least, kEnough),
        agent("c", kFast, kEnough)},
       {"b"}},
      {"the fast one is not",
       {agent("a", kUsual, kEnough), agent("b", kUsual / 100, kEnough),
        agent("c", kUsual, kEnough)},
       {}},
  };
  for (const Outliers& test : kCases) {
    VerdictFacts facts = UsualFacts();
    facts.agents = test.agents;
    const Verdict verdict = Judge(facts);
    std::vector<std::string> found;
    for (const OutlierAgent& outlier : verdict.outliers) {
      found.push_back(outlier.name);
      EXPECT_EQ(outlier.p99, 2 * outlier.p50) << test.name;
      EXPECT_EQ(outlier.others_p50, test.agents[0].p50) << test.name;
      EXPECT_EQ(outlier.others_p99, 2 * test.agents[0].p50) << test.name;
    }
    EXPECT_EQ(found, test.expected) << test.name;
    EXPECT_EQ(verdict.limit, Limit::kNone) << test.name;
  }
}

}  // namespace
}  // namespace squall
