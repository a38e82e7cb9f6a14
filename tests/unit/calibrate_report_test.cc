#include "controller/calibrate_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/version.h"

namespace squall {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr TextStyle kPlain{false, false, 60};

std::vector<CalibratedAgent> Example() {
  CalibratedAgent good{.address = "10.0.0.11:7400", .name = "lon-1", .ceiling = {}, .detail = {}};
  good.ceiling.emplace();
  good.ceiling->set_requests_per_second(163'308.25);
  good.ceiling->set_connections(100);
  good.ceiling->set_cores(2);
  good.ceiling->set_threads(1);
  good.ceiling->set_version("0.1.0");
  good.ceiling->set_measured_at(1'700'000'000);
  CalibratedAgent forgetful = good;
  forgetful.name = "lon-2";
  forgetful.detail = "agent lon-2 keeps its ceiling only until its process ends";
  return {good,
          forgetful,
          {.address = "10.0.0.12:7400",
           .name = {},
           .ceiling = {},
           .detail = "agent 10.0.0.12:7400: \x1b[2J connection refused"}};
}

TEST(CalibrateReport, Text) {
  const std::string text = CalibrateText(Example(), kPlain);
  EXPECT_THAT(text, ContainsRegex("lon-1 +10.0.0.11:7400 +2 +100 +163,308/s +2023-11-1[45] "));
  EXPECT_THAT(text, ContainsRegex("-  +10.0.0.12:7400 +- +- +- +not measured\n"));
  EXPECT_THAT(text, HasSubstr("\n\nagent lon-2 keeps its ceiling only"));
  EXPECT_THAT(text, HasSubstr("\\x1b[2J connection refused\n"));
  EXPECT_THAT(CalibrateText({Example()[0]}, kPlain), Not(HasSubstr("\n\n")));
}

TEST(CalibrateReport, JsonHasTheDocumentedKeys) {
  const auto json = nlohmann::json::parse(CalibrateJson(Example()));
  EXPECT_EQ(json["version"], std::string(kVersion));
  EXPECT_EQ(json["ok"], false);
  ASSERT_EQ(json["agents"].size(), 3u);
  EXPECT_EQ(json["agents"][0], nlohmann::json::parse(R"({
    "address": "10.0.0.11:7400", "name": "lon-1", "detail": null, "ceiling": {
      "requests_per_second": 163308.25, "connections": 100, "cores": 2, "threads": 1,
      "version": "0.1.0", "measured_at": "2023-11-14T22:13:20Z"}})"));
  EXPECT_EQ(json["agents"][2]["ceiling"], nullptr);
  EXPECT_EQ(json["agents"][2]["name"], nullptr);
  EXPECT_EQ(nlohmann::json::parse(CalibrateJson({Example()[0]}))["ok"], true);
}

}  // namespace
}  // namespace squall
