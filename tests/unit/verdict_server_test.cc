// What is concluded where no agent shows anything.
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/verdict.h"
#include "tests/unit/evidence_support.h"

namespace squall {
namespace {

using testing::HasSubstr;

constexpr Thresholds kIs = kThresholds;
constexpr double kMean = 10e6;  // ns
constexpr uint64_t kRequests = 100'000;

uint64_t Part(double share) { return static_cast<uint64_t>(share * kRequests); }

// What was in flight at the end took `share` of the time expected.
void Drain(double share, VerdictFacts& facts) {
  const double variation = facts.service_variation;
  const double expected =
      static_cast<double>(facts.concurrency) * kMean * (1 + variation * variation) / 2;
  facts.flight.ramp_area = 1000;
  facts.flight.steady_area = 20'000;
  facts.flight.area = 21'000 + static_cast<int64_t>(share * expected);
}

// Requests at little load took `share` of the mean.
void Light(double share, uint64_t count, VerdictFacts& facts) {
  facts.flight.light = count;
  facts.flight.light_time = static_cast<int64_t>(share * kMean * static_cast<double>(count));
}

VerdictFacts ClosedLoop() {
  VerdictFacts facts;
  facts.concurrency = 4 * kIs.drain_least;
  facts.elapsed = 100 * kSecond;
  facts.planned = facts.recorded = facts.succeeded = kRequests;
  facts.service_mean = kMean;
  facts.flight.begin = 1;
  facts.flight.full_since = 1;
  Drain(1, facts);
  return facts;
}

VerdictFacts OpenLoop() {
  VerdictFacts facts = ClosedLoop();
  facts.open_loop = true;
  facts.rate = 1000;
  facts.flight.full_since = 0;
  return facts;
}

struct Case {
  std::string name;
  std::function<void(VerdictFacts&)> change;
  Limit limit;
  Confidence confidence;
  std::string summary;
  std::vector<std::string> evidence;  // parts of each
};

void Check(const VerdictFacts& usual, const std::vector<Case>& cases) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    VerdictFacts facts = usual;
    test.change(facts);
    const Verdict verdict = Judge(facts);
    EXPECT_EQ(LimitName(verdict.limit), LimitName(test.limit));
    EXPECT_EQ(ConfidenceName(verdict.confidence), ConfidenceName(test.confidence));
    EXPECT_THAT(verdict.summary, HasSubstr(test.summary));
    EXPECT_TRUE(verdict.agents.empty());
    ASSERT_EQ(verdict.evidence.size(), test.evidence.size());
    for (size_t i = 0; i < test.evidence.size(); ++i) {
      EXPECT_THAT(verdict.evidence[i].text, HasSubstr(test.evidence[i]));
      EXPECT_EQ(verdict.evidence[i].agent, "");
    }
  }
}

const char* const kRaise = "the server took 10.0 ms with 64 in flight as with few: raise -c";
const char* const kSlower = "it was slower the more it had to do";
const char* const kTurnedAway = "it turned requests away";

TEST(VerdictServerTest, ClosedLoop) {
  const auto none = [](std::string name, std::function<void(VerdictFacts&)> change) {
    return Case{std::move(name), std::move(change), Limit::kNone, Confidence::kMedium, kRaise, {}};
  };
  ASSERT_EQ(ClosedLoop().concurrency, 64u) << "kRaise says so";
  Check(ClosedLoop(),
        {none("nothing", [](VerdictFacts&) {}),
         {"faster at little load",
          [](VerdictFacts& facts) { Light(0.98 * kIs.light_of_service, kIs.light_least, facts); },
          Limit::kServer,
          Confidence::kHigh,
          kSlower,
          {"requests took 10.0 ms on average, and "}},
         none("hardly faster at little load",
              [](VerdictFacts& facts) { Light(1.02 * kIs.light_of_service, 1000, facts); }),
         none("too few at little load",
              [](VerdictFacts& facts) { Light(0.1, kIs.light_least - 1, facts); }),
         {"done sooner at the end",
          [](VerdictFacts& facts) { Drain(0.98 * kIs.drain_of_expected, facts); },
          Limit::kServer,
          Confidence::kMedium,
          kSlower,
          {"of the time that it would have"}},
         none("hardly sooner",
              [](VerdictFacts& facts) { Drain(1.02 * kIs.drain_of_expected, facts); }),
         none("sooner, but never full",
              [](VerdictFacts& facts) {
                Drain(0, facts);
                facts.flight.full_since = 0;
              }),
         none("sooner, but times vary too much",
              [](VerdictFacts& facts) {
                facts.service_variation = 1.02 * kIs.drain_most_variation;
                Drain(0, facts);
              }),
         {"sooner, and times vary",
          [](VerdictFacts& facts) {
            facts.service_variation = 0.98 * kIs.drain_most_variation;
            Drain(0.98 * kIs.drain_of_expected, facts);
          },
          Limit::kServer,
          Confidence::kMedium,
          kSlower,
          {"of the time that it would have"}},
         {"refusals",
          [](VerdictFacts& facts) { facts.refusals = Part(1.02 * kIs.refusals); },
          Limit::kServer,
          Confidence::kHigh,
          kTurnedAway,
          {"of 100,000 requests were refused, timed out, or answered by 429, 503 or 504"}},
         none("few refusals",
              [](VerdictFacts& facts) { facts.refusals = Part(0.98 * kIs.refusals); }),
         {"all of it",
          [](VerdictFacts& facts) {
            Light(0.1, 1000, facts);
            Drain(0, facts);
            facts.refusals = kRequests;
          },
          Limit::kServer,
          Confidence::kHigh,
          kTurnedAway,
          {"on average, and 1.00 ms when there were few", "were refused"}}});
}

TEST(VerdictServerTest, FewInFlightDrainInNoTime) {
  VerdictFacts facts = ClosedLoop();
  facts.concurrency = kIs.drain_least - 1;
  Drain(0, facts);
  EXPECT_EQ(Judge(facts).limit, Limit::kNone);
  facts.concurrency = kIs.drain_least;
  EXPECT_EQ(Judge(facts).limit, Limit::kServer);
}

const char* const kKeptUp = "all was sent when it was due, and the server kept up: raise -q";

void Wait(double scale, VerdictFacts& facts) { facts.waited = Part(scale * kIs.waited); }
void LeaveOut(double scale, VerdictFacts& facts) {
  facts.not_started = Part(scale * kIs.not_started);
}
void Grow(double scale, VerdictFacts& facts) {
  facts.flight_growth = scale * kIs.not_finished * kRequests / 2;
}

TEST(VerdictServerTest, OpenLoop) {
  const auto none = [](std::string name, std::function<void(VerdictFacts&)> change) {
    return Case{std::move(name), std::move(change), Limit::kNone, Confidence::kHigh, kKeptUp, {}};
  };
  Check(OpenLoop(), {none("kept up", [](VerdictFacts&) {}),
                     none("few waited", [](VerdictFacts& facts) { Wait(0.98, facts); }),
                     none("few were left out", [](VerdictFacts& facts) { LeaveOut(0.98, facts); }),
                     none("little growth", [](VerdictFacts& facts) { Grow(0.98, facts); }),
                     none("slower with more, but kept up",
                          [](VerdictFacts& facts) { Light(0.1, 1000, facts); }),
                     none("drained at once, but kept up",
                          [](VerdictFacts& facts) {
                            facts.flight.full_since = 1;
                            Drain(0, facts);
                          }),
                     {"refusals",
                      [](VerdictFacts& facts) { facts.refusals = Part(1.02 * kIs.refusals); },
                      Limit::kServer,
                      Confidence::kHigh,
                      kTurnedAway,
                      {"were refused"}},
                     {"growth",
                      [](VerdictFacts& facts) { Grow(1.02, facts); },
                      Limit::kServer,
                      Confidence::kHigh,
                      "it finished less than was asked for",
                      {"more requests were in flight at the end than in the middle"}},
                     {"growth, and slower with more",
                      [](VerdictFacts& facts) {
                        Grow(1.02, facts);
                        Light(0.1, 1000, facts);
                      },
                      Limit::kServer,
                      Confidence::kHigh,
                      kSlower,
                      {"requests took"}},
                     {"waited for a bound",
                      [](VerdictFacts& facts) { Wait(1.02, facts); },
                      Limit::kSchedule,
                      Confidence::kHigh,
                      "asked 1,000/s, could start 1,000/s: raise -c",
                      {"requests found all 64 connections busy"}},
                     {"waited for a bound, and slower with more",
                      [](VerdictFacts& facts) {
                        Wait(1.02, facts);
                        Light(0.1, 1000, facts);
                      },
                      Limit::kServer,
                      Confidence::kHigh,
                      kSlower,
                      {"requests took"}},
                     {"waited for all that an agent may have by itself",
                      [](VerdictFacts& facts) {
                        Wait(1.02, facts);
                        facts.bound_given = false;
                      },
                      Limit::kServer,
                      Confidence::kMedium,
                      "as many were in flight as an agent may have by itself",
                      {"requests found all 64 connections busy"}},
                     {"left out, though nothing waited",
                      [](VerdictFacts& facts) { facts.not_started = kRequests / 2; },
                      Limit::kSchedule,
                      Confidence::kHigh,
                      "asked 1,000/s, could start 500.0/s",
                      {}}});
}

// Without a bound of the user's, as many connections as files allow.
TEST(VerdictServerTest, Users) {
  VerdictFacts usual = ClosedLoop();
  usual.users = true;
  Check(usual,
        {{"enough of everything",
          [](VerdictFacts& facts) { Drain(0.1, facts); },  // they think: nothing follows from it
          Limit::kNone,
          Confidence::kMedium,
          "users asked for no more",
          {}},
         {"faster at little load",
          [](VerdictFacts& facts) { Light(0.98 * kIs.light_of_service, kIs.light_least, facts); },
          Limit::kServer,
          Confidence::kHigh,
          kSlower,
          {"requests took 10.0 ms on average, and "}},
         {"some waited for a connection",
          [](VerdictFacts& facts) { facts.waited = Part(0.98 * kIs.waited); },
          Limit::kNone,
          Confidence::kMedium,
          "users asked for no more",
          {}},
         {"more of them did",
          [](VerdictFacts& facts) { facts.waited = Part(1.02 * kIs.waited) + 1; },
          Limit::kSchedule,
          Confidence::kHigh,
          "requests found all connections that agents may have busy",
          {}},
         {"some never began",
          [](VerdictFacts& facts) { facts.not_started = 1; },
          Limit::kSchedule,
          Confidence::kMedium,
          "raise -c",
          {}}});
}

TEST(VerdictServerTest, FilesBoundTheConnectionsOfARate) {
  const auto with_limit = [](uint64_t limit) {
    v1::Vitals vitals = VitalsWith(0, kSecond, {});
    vitals.set_file_limit(limit);
    AgentEvidence evidence;
    evidence.Add(0, kSecond, vitals, kUsualLoad);
    return evidence;
  };
  const AgentEvidence many = with_limit(1 << 20);
  const AgentEvidence few = with_limit(1024);
  struct Bounded {
    const char* name;
    bool bound_given;
    const AgentEvidence* second;
    Limit limit;
  };
  const Bounded kCases[] = {
      {"files enough", false, &many, Limit::kServer},
      {"few files", false, &few, Limit::kFiles},
      {"files not known", false, nullptr, Limit::kServer},
      {"few files, but a bound", true, &few, Limit::kSchedule},
  };
  for (const Bounded& test : kCases) {
    SCOPED_TRACE(test.name);
    VerdictFacts facts = OpenLoop();
    facts.concurrency = 1800;
    facts.bound_given = test.bound_given;
    facts.waited = kRequests;
    facts.agents = {{.name = "a", .evidence = &many}, {.name = "b", .evidence = test.second}};
    const Verdict verdict = Judge(facts);
    EXPECT_EQ(LimitName(verdict.limit), LimitName(test.limit));
    if (test.limit != Limit::kFiles) continue;
    EXPECT_THAT(verdict.agents, testing::ElementsAre("b"));
    EXPECT_THAT(verdict.summary, HasSubstr("it may have 1,024 files open (ulimit -n)"));
  }
}

}  // namespace
}  // namespace squall
