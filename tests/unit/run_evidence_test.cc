#include "controller/run_evidence.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/outcomes.h"
#include "tests/unit/evidence_support.h"

namespace squall {
namespace {

constexpr Nanos kZero = 100 * kSecond;

// Of a second, `kZero` on the agent's clock being its beginning.
struct Told {
  int requests = 0;
  enum class Vitals { kNone, kGood, kTainted } vitals = Vitals::kNone;
  bool measured = true;
};

void Add(size_t agent, int second, const Told& told, RunEvidence& evidence) {
  Metrics metrics;
  for (int i = 0; i < told.requests; ++i) {
    metrics.Add(static_cast<uint64_t>(i), {.service = kMillisecond}, Response(200));
  }
  v1::Snapshot snapshot;
  *snapshot.mutable_metrics() = metrics.ToProto();
  const Nanos begin = kZero + second * kSecond;
  if (told.vitals != Told::Vitals::kNone) {
    const bool tainted = told.vitals == Told::Vitals::kTainted;
    *snapshot.mutable_vitals() = VitalsWith(
        begin, begin + kSecond, tainted ? std::vector<Sign>{Sign::kLate} : std::vector<Sign>());
  }
  evidence.Add(agent, snapshot, {.metrics = *DecodedMetrics::Of(snapshot.metrics())}, kZero,
               told.measured);
}

TEST(RunEvidenceTest, KeepsWhatCameInTaintedTime) {
  constexpr auto kNone = Told::Vitals::kNone;
  constexpr auto kGood = Told::Vitals::kGood;
  constexpr auto kTainted = Told::Vitals::kTainted;
  struct Case {
    const char* name;
    std::vector<Told> snapshots;
    uint64_t kept;
  };
  const Case kCases[] = {
      {"all is well", {{5, kGood}, {7, kGood}}, 0},
      {"one is not", {{5, kGood}, {7, kTainted}, {11, kGood}}, 7},
      {"what came before its vitals did", {{5, kNone}, {7, kTainted}}, 12},
      {"what turned out well", {{5, kNone}, {7, kGood}, {11, kTainted}}, 11},
      {"no warm-up", {{5, kTainted, false}, {7, kGood}}, 0},
      {"the last words, as before", {{5, kTainted}, {7, kNone}}, 12},
      {"last words after it was well again", {{5, kTainted}, {7, kGood}, {11, kNone}}, 5},
      {"last words of a good one", {{5, kGood}, {7, kNone}}, 0},
      {"nothing is known", {{5, kNone}, {7, kNone}}, 0},
  };
  for (const Case& test : kCases) {
    RunEvidence evidence;
    int second = 0;
    for (const Told& told : test.snapshots) Add(0, second++, told, evidence);
    evidence.End();
    EXPECT_EQ(evidence.tainted_service().count(), test.kept) << test.name;
    EXPECT_EQ(evidence.tainted_response().count(), 0u) << test.name;
  }
}

TEST(RunEvidenceTest, AgentsAreKeptApart) {
  RunEvidence evidence;
  Add(2, 0, {.requests = 3, .vitals = Told::Vitals::kTainted}, evidence);
  Add(1, 0, {.requests = 5, .vitals = Told::Vitals::kGood}, evidence);
  Add(0, 0, {.requests = 7}, evidence);
  evidence.End();
  EXPECT_EQ(evidence.tainted_service().count(), 3u);
  EXPECT_EQ(evidence.Of(0), nullptr);
  ASSERT_NE(evidence.Of(1), nullptr);
  EXPECT_EQ(evidence.Of(1)->tainted_time(), 0);
  ASSERT_NE(evidence.Of(2), nullptr);
  EXPECT_EQ(evidence.Of(2)->tainted_time(), kSecond);
  EXPECT_EQ(evidence.Of(3), nullptr);
}

}  // namespace
}  // namespace squall
