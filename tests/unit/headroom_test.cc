#include "controller/headroom.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/report_json.h"
#include "controller/report_text.h"
#include "tests/support/example_result.h"

namespace squall {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr TextStyle kPlain{false, false, 100};

// The example's agents alpha and beta make 250 requests a second each; gamma is not used.
RunResult Calibrated(double alpha, double beta) {
  RunResult result = ExampleResult();
  result.plan.clear_urls();
  result.plan.mutable_request()->set_url("http://10.1.0.1/");
  for (size_t i = 0; i < 2; ++i) {
    const double ceiling_per_second = i == 0 ? alpha : beta;
    if (ceiling_per_second == 0) continue;
    v1::Ceiling& ceiling = *result.agents[i].host.mutable_ceiling();
    ceiling.set_requests_per_second(ceiling_per_second);
    ceiling.set_connections(100);
    ceiling.set_cores(4);
    ceiling.set_threads(4);
    ceiling.set_version("0.1.0");
    ceiling.set_transport(v1::TRANSPORT_KIND_HTTP1);
    ceiling.set_measured_at(1'700'000'000);
  }
  return result;
}

TEST(Headroom, IsOfAllAgentsTogetherIfAllAreCalibrated) {
  struct Row {
    const char* name;
    double alpha;
    double beta;
    std::optional<double> used;
    const char* line;  // of the text; null: none
  };
  const Row rows[] = {
      {"both alike", 1'000, 1'000, 0.25,
       "\nAgents used 25 % of their own ceiling (squall calibrate)\n"},
      {"a slow one and a fast one", 250, 2'250, 0.2, "Agents used 20 % of"},
      {"next to nothing", 1e8, 1e8, 2.5e-6, "Agents used <0.1 % of"},
      {"little", 10'000, 10'000, 0.025, "Agents used 2.5 % of"},
      {"more than measured", 200, 200, 1.25, "Agents used 125 % of"},
      {"one is not", 1'000, 0, std::nullopt,
       "How much of their own ceiling agents used is not known: beta has none (squall calibrate)"},
      {"none is", 0, 0, std::nullopt, nullptr},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const RunResult result = Calibrated(row.alpha, row.beta);
    const Headroom headroom = HeadroomOf(result);
    ASSERT_EQ(headroom.agents.size(), 2u) << "gamma took no part";
    ASSERT_EQ(headroom.used.has_value(), row.used.has_value());
    if (row.used) {
      EXPECT_DOUBLE_EQ(*headroom.used, *row.used);
    }
    if (row.alpha != 0) {
      EXPECT_DOUBLE_EQ(headroom.agents[0].used.value_or(-1), 250 / row.alpha);
    }
    const std::string text = TextReport(result, kPlain);
    if (row.line != nullptr) {
      EXPECT_THAT(text, HasSubstr(row.line));
    } else {
      EXPECT_THAT(text, Not(HasSubstr("ceiling")));
    }
  }
}

TEST(Headroom, SaysWhereTheRunIsUnlikeWhatCeilingsAreOf) {
  struct Row {
    const char* name;
    void (*change)(v1::Plan&);
    bool plain;
  };
  const Row rows[] = {
      {"plain", [](v1::Plan&) {}, true},
      {"curl", [](v1::Plan& plan) { plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_CURL); },
       false},
      {"TLS", [](v1::Plan& plan) { plan.mutable_request()->set_url("HTTPS://a/"); }, false},
      {"a body", [](v1::Plan& plan) { plan.mutable_request()->set_body("x"); }, false},
      {"a list", [](v1::Plan& plan) { plan.mutable_urls()->set_name("urls"); }, false},
      {"no keep-alive", [](v1::Plan& plan) { plan.mutable_transport()->set_no_keepalive(true); },
       false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    RunResult result = Calibrated(1'000, 1'000);
    row.change(result.plan);
    EXPECT_EQ(HeadroomLine(result, kPlain).find("plain requests") == std::string::npos, row.plain);
  }
}

TEST(Headroom, ACeilingThatCannotBeIsNone) {
  for (const double lie : {-5.0, 1e300, std::nan(""), HUGE_VAL}) {
    SCOPED_TRACE(lie);
    RunResult result = Calibrated(1'000, 1'000);
    result.agents[1].host.mutable_ceiling()->set_requests_per_second(lie);
    EXPECT_FALSE(HeadroomOf(result).used);
    EXPECT_FALSE(HeadroomOf(result).agents[1].ceiling);
  }
}

TEST(Headroom, OfNoTimeIsNotKnown) {
  RunResult result = Calibrated(1'000, 1'000);
  result.elapsed = 0;
  EXPECT_FALSE(HeadroomOf(result).used);
  EXPECT_EQ(HeadroomLine(result, kPlain), "");
}

TEST(Headroom, IsInTheJson) {
  const auto json = nlohmann::json::parse(JsonReport(Calibrated(1'000, 0)))["headroom"];
  EXPECT_EQ(json, nlohmann::json::parse(R"({"used": null, "agents": [
    {"name": "alpha", "ceiling_per_second": 1000.0, "measured_at": "2023-11-14T22:13:20Z", "used": 0.25},
    {"name": "beta", "ceiling_per_second": null, "measured_at": null, "used": null}]})"));
}

TEST(Headroom, FlowsOfUsersAreNoRequests) {
  RunResult result = ExampleUsersResult();
  v1::Ceiling ceiling = *Calibrated(1'000, 1'000).agents[0].host.mutable_ceiling();
  for (size_t i = 0; i < 2; ++i) *result.agents[i].host.mutable_ceiling() = ceiling;
  EXPECT_FALSE(HeadroomOf(result).used);
  EXPECT_EQ(HeadroomLine(result, kPlain), "");
}

}  // namespace
}  // namespace squall
