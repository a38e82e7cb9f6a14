#include "controller/agent_evidence.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/evidence_support.h"

namespace squall {
namespace {

bool Add(Nanos begin, Nanos end, const std::vector<Sign>& signs, AgentEvidence& evidence) {
  return evidence.Add(begin, end, VitalsWith(begin, end, signs), kUsualLoad);
}

TEST(AgentEvidenceTest, SharesAreOfTheTime) {
  AgentEvidence evidence;
  EXPECT_EQ(evidence.ShareOf(Sign::kLate), 0);
  EXPECT_FALSE(Add(0, 2 * kSecond, {}, evidence));
  EXPECT_TRUE(Add(2 * kSecond, 3 * kSecond, {Sign::kLate}, evidence));
  EXPECT_TRUE(Add(3 * kSecond, 6 * kSecond, {Sign::kStolen}, evidence));
  EXPECT_TRUE(Add(6 * kSecond, 8 * kSecond, {Sign::kLate, Sign::kStolen}, evidence));
  EXPECT_EQ(evidence.time(), 8 * kSecond);
  EXPECT_EQ(evidence.tainted_time(), 6 * kSecond);
  EXPECT_DOUBLE_EQ(evidence.ShareOf(Sign::kLate), 3 / 8.0);
  EXPECT_DOUBLE_EQ(evidence.ShareOf(Sign::kStolen), 5 / 8.0);
  EXPECT_EQ(evidence.ShareOf(Sign::kNoPort), 0);
  EXPECT_EQ(evidence[Sign::kLate].first, 2 * kSecond);
  EXPECT_EQ(evidence[Sign::kStolen].first, 3 * kSecond);
}

TEST(AgentEvidenceTest, FiguresAreMeansOverTheTime) {
  AgentEvidence evidence;
  v1::Vitals vitals;
  vitals.set_host_steal(0.9);
  evidence.Add(0, 1 * kSecond, vitals, kUsualLoad);
  vitals.set_host_steal(0);
  evidence.Add(1 * kSecond, 5 * kSecond, vitals, kUsualLoad);
  vitals.set_host_steal(0.5);
  evidence.Add(5 * kSecond, 8 * kSecond, vitals, kUsualLoad);
  EXPECT_DOUBLE_EQ(evidence[Sign::kStolen].figure, (0.9 + 3 * 0.5) / 4);
}

TEST(AgentEvidenceTest, NeighboursAreOneTaintedInterval) {
  struct Interval {
    Nanos from;
    Nanos to;
    bool tainted;
  };
  struct Case {
    const char* name;
    std::vector<Interval> intervals;
    std::vector<std::pair<Nanos, Nanos>> expected;
  };
  const Case kCases[] = {
      {"none", {{0, 1000, false}}, {}},
      {"one between others",
       {{0, 1000, false}, {1000, 2000, true}, {2000, 3000, false}},
       {{1000, 2000}}},
      {"two together", {{0, 1000, true}, {1000, 2000, true}}, {{0, 2000}}},
      {"a little apart", {{0, 1000, true}, {1010, 2000, true}}, {{0, 2000}}},
      {"apart", {{0, 1000, true}, {1011, 2000, true}}, {{0, 1000}, {1011, 2000}}},
      {"one between two",
       {{0, 1000, true}, {1000, 2000, false}, {2000, 3000, true}},
       {{0, 1000}, {2000, 3000}}},
      {"it began before the phase", {{-500, 500, true}}, {{0, 500}}},
      {"it was before the phase", {{-500, 0, true}, {0, 100, false}}, {}},
  };
  for (const Case& test : kCases) {
    AgentEvidence evidence;
    for (const Interval& interval : test.intervals) {
      const Nanos from = interval.from * kMillisecond;
      const Nanos to = interval.to * kMillisecond;
      if (interval.tainted) {
        EXPECT_EQ(Add(from, to, {Sign::kLate}, evidence), to > 0) << test.name;
      } else {
        EXPECT_FALSE(Add(from, to, {}, evidence)) << test.name;
      }
    }
    std::vector<std::pair<Nanos, Nanos>> found;
    for (const TaintedInterval& interval : evidence.tainted()) {
      found.emplace_back(interval.from / kMillisecond, interval.to / kMillisecond);
    }
    EXPECT_EQ(found, test.expected) << test.name;
  }
}

TEST(AgentEvidenceTest, AnIntervalHasTheSignsOfItsParts) {
  AgentEvidence evidence;
  Add(0, kSecond, {Sign::kLate}, evidence);
  Add(kSecond, 2 * kSecond, {Sign::kThrottled}, evidence);
  ASSERT_EQ(evidence.tainted().size(), 1u);
  const auto& signs = evidence.tainted().front().signs;
  for (size_t i = 0; i < kSigns; ++i) {
    const auto sign = static_cast<Sign>(i);
    EXPECT_EQ(signs[i], sign == Sign::kLate || sign == Sign::kThrottled) << SignName(sign);
  }
}

TEST(AgentEvidenceTest, DoesNotGrowForEver) {
  AgentEvidence evidence;
  constexpr Nanos kCount = 3 * AgentEvidence::kMostTainted;
  for (Nanos i = 0; i < kCount; ++i) {
    Add(2 * i * kSecond, (2 * i + 1) * kSecond, {Sign::kLate}, evidence);
    Add((2 * i + 1) * kSecond, (2 * i + 2) * kSecond, {}, evidence);
  }
  ASSERT_EQ(evidence.tainted().size(), AgentEvidence::kMostTainted);
  EXPECT_EQ(evidence.tainted().front().to, kSecond);
  EXPECT_EQ(evidence.tainted().back().to, (2 * kCount - 1) * kSecond);
  EXPECT_EQ(evidence.tainted_time(), kCount * kSecond);
}

TEST(AgentEvidenceTest, TheLinksRateIsOfTheTimeThatShowsIt) {
  AgentEvidence evidence;
  v1::Vitals idle = VitalsWith(0, kSecond, {});
  idle.set_link_received_bytes(1);
  idle.set_link_received_peak_per_second(7'000'000);
  idle.set_cpu_ns(kSecond / 2);
  evidence.Add(0, kSecond, idle, kUsualLoad);
  EXPECT_EQ(evidence.link_rate(), 0);
  v1::Vitals full = VitalsWith(kSecond, 3 * kSecond, {Sign::kLinkQueue});
  full.set_link_sent_bytes(8'000'000);
  full.set_link_sent_peak_per_second(5'000'000);
  full.set_cpu_ns(4 * kSecond);
  evidence.Add(kSecond, 3 * kSecond, full, kUsualLoad);
  EXPECT_DOUBLE_EQ(evidence.link_rate(), 4e6);
  EXPECT_DOUBLE_EQ(evidence.link_peak(), 7e6);
  EXPECT_EQ(evidence.path_rtt(), full.path_rtt_ns());
  EXPECT_EQ(evidence.path_best_rtt(), full.path_best_rtt_ns());
  EXPECT_DOUBLE_EQ(evidence.cpu_used(), 1.5);
  full.set_connection_rtt_ns(full.path_rtt_ns() + 1);
  evidence.Add(3 * kSecond, 4 * kSecond, full, kUsualLoad);
  EXPECT_EQ(evidence.path_rtt(), full.connection_rtt_ns());
}

TEST(AgentEvidenceTest, WhatWasMissingIsCounted) {
  const AgentEvidence evidence = EvidenceOf(10, 3, {Sign::kNoPort, Sign::kNoFile});
  EXPECT_EQ(evidence.without_port(), 1500u);
  EXPECT_EQ(evidence.without_file(), 1500u);
}

}  // namespace
}  // namespace squall
