// What no run comes to. What one does is in result_proto_test.cc.
#include "controller/evidence_proto.h"

#include <functional>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/example_result.h"

namespace squall {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// With one of each that repeats.
v1::RunResult Truth() {
  RunResult result;
  result.parallelism.emplace();
  result.parallelism->asked = 10;
  result.parallelism->steady = Parallelism::Steady{};
  result.parallelism->agents.emplace_back();
  result.parallelism->series.emplace_back();
  result.parallelism->server = ServerParallelism{.mean = 1, .from = 2, .to = 3};
  result.verdict.emplace();
  result.verdict->tainted.emplace_back().interval.signs[2] = true;
  result.verdict->outliers.emplace_back();
  result.tainted.emplace();
  v1::RunResult proto;
  EvidenceToProto(result, proto);
  return proto;
}

struct Case {
  const char* name;
  std::function<void(v1::RunResult&)> change;
  bool ok = false;
};

const std::vector<Case> kCases = {
    {"the truth", [](auto&) {}, true},
    {"nothing", [](auto& r) { r.Clear(); }, true},
    {"a mean that is no number", [](auto& r) { r.mutable_parallelism()->set_mean(kNan); }},
    {"an infinite error", [](auto& r) { r.mutable_parallelism()->set_error(kInfinity); }},
    {"bounds that are none", [](auto& r) { r.mutable_parallelism()->set_min(-kInfinity); }},
    {"the other bound", [](auto& r) { r.mutable_parallelism()->set_max(kNan); }},
    {"Little's law", [](auto& r) { r.mutable_parallelism()->set_littles_law_error(kNan); }},
    {"a steady state under a rate", [](auto& r) { r.mutable_parallelism()->set_asked(0); }},
    {"no steady state under a rate",
     [](auto& r) {
       r.mutable_parallelism()->set_asked(0);
       r.mutable_parallelism()->clear_steady();
     },
     true},
    {"a negative ramp-up",
     [](auto& r) { r.mutable_parallelism()->mutable_steady()->set_ramp_up_ns(-1); }},
    {"a negative tail",
     [](auto& r) { r.mutable_parallelism()->mutable_steady()->set_tail_ns(-1); }},
    {"a steady mean", [](auto& r) { r.mutable_parallelism()->mutable_steady()->set_mean(kNan); }},
    {"a steady share", [](auto& r) { r.mutable_parallelism()->mutable_steady()->set_share(kNan); }},
    {"an agent's mean",
     [](auto& r) { r.mutable_parallelism()->mutable_agents(0)->set_mean(kNan); }},
    {"a server's mean", [](auto& r) { r.mutable_parallelism()->mutable_server()->set_mean(kNan); }},
    {"a server's beginning",
     [](auto& r) { r.mutable_parallelism()->mutable_server()->set_from_ns(-1); }},
    {"a server's end", [](auto& r) { r.mutable_parallelism()->mutable_server()->set_to_ns(1); }},
    {"a point's mean", [](auto& r) { r.mutable_parallelism()->mutable_series(0)->set_mean(kNan); }},
    {"the last limit",
     [](auto& r) { r.mutable_verdict()->set_limit(static_cast<uint32_t>(Limit::kMixed)); }, true},
    {"a limit that nobody knows",
     [](auto& r) { r.mutable_verdict()->set_limit(static_cast<uint32_t>(Limit::kMixed) + 1); }},
    {"a confidence that nobody has",
     [](auto& r) {
       r.mutable_verdict()->set_confidence(static_cast<uint32_t>(Confidence::kHigh) + 1);
     }},
    {"the last sign",
     [](auto& r) { r.mutable_verdict()->mutable_tainted(0)->add_signs(kSigns - 1); }, true},
    {"a sign that nobody knows",
     [](auto& r) { r.mutable_verdict()->mutable_tainted(0)->add_signs(kSigns); }},
    {"a sign twice", [](auto& r) { r.mutable_verdict()->mutable_tainted(0)->add_signs(2); }},
    {"signs in another order",
     [](auto& r) { r.mutable_verdict()->mutable_tainted(0)->add_signs(1); }},
    {"a negative p50", [](auto& r) { r.mutable_verdict()->mutable_outliers(0)->set_p50_ns(-1); }},
    {"a negative p99", [](auto& r) { r.mutable_verdict()->mutable_outliers(0)->set_p99_ns(-1); }},
    {"others' p50",
     [](auto& r) { r.mutable_verdict()->mutable_outliers(0)->set_others_p50_ns(-1); }},
    {"others' p99",
     [](auto& r) { r.mutable_verdict()->mutable_outliers(0)->set_others_p99_ns(-1); }},
    {"a histogram of nothing with a greatest value",
     [](auto& r) { r.mutable_tainted()->mutable_service()->set_max_ns(5); }},
    {"response times, too",
     [](auto& r) { r.mutable_tainted()->mutable_response()->set_max_ns(5); }},
};

TEST(EvidenceProtoTest, RefusesWhatNoRunComesTo) {
  for (const Case& test : kCases) {
    v1::RunResult proto = Truth();
    test.change(proto);
    RunResult result;
    EXPECT_EQ(EvidenceFromProto(proto, result), test.ok) << test.name;
  }
}

TEST(EvidenceProtoTest, WhatIsNotThereStaysAway) {
  v1::RunResult proto;
  EvidenceToProto(RunResult(), proto);
  EXPECT_EQ(proto.ByteSizeLong(), 0u);
  RunResult result;
  EXPECT_TRUE(EvidenceFromProto(proto, result));
  EXPECT_FALSE(result.parallelism || result.verdict || result.tainted);
}

}  // namespace
}  // namespace squall
