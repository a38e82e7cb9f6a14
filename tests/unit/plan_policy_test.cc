#include "agent/plan_policy.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/request_source.h"
#include "tests/support/fake_names.h"
#include "tests/support/transport_runner.h"

namespace squall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Policy Denying(const std::string& text) {
  Policy::Rules rules;
  rules.deny.push_back(ParseTargetRule(text).value());
  rules.deny.back().where = "a.yaml:7";
  return Policy(std::move(rules), {});
}

class CheckTargetsTest : public ::testing::Test {
 protected:
  std::string Check(const Policy& policy, const std::vector<Origin>& origins,
                    Nanos give_up_at = SteadyNow() + 10 * kSecond) {
    Resolver resolver(names_.lookup(), names_.clock());
    return std::string(CheckTargets(policy, transport_, origins, resolver, give_up_at).message());
  }

  testing::FakeNames names_;
  v1::Transport transport_;
};

TEST_F(CheckTargetsTest, EveryAddressOfEveryName) {
  names_.Set("good.test", {"192.0.2.1"});
  names_.Set("bad.test", {"192.0.2.2", "10.0.0.8"});
  EXPECT_EQ(Check(Denying("10.0.0.0/8"), {{false, "good.test", 80}}), "");
  EXPECT_EQ(Check(Denying("10.0.0.0/8"), {{false, "good.test", 80}, {true, "bad.test", 443}}),
            "does not send to bad.test:443 (10.0.0.8:443): deny_targets 10.0.0.0/8 (a.yaml:7)");
  EXPECT_EQ(Check(Denying("10.0.0.0/8"), {{false, "unknown.test", 80}}), "")
      << "it will be looked at when there is a connection to be made";
}

TEST_F(CheckTargetsTest, DoesNotAskForWhatIsDeniedByName) {
  EXPECT_THAT(Check(Denying("*.test"), {{false, "bad.test", 80}}),
              HasSubstr("deny_targets *.test"));
  EXPECT_THAT(Check(Denying("127.0.0.0/8"), {{false, "2130706433", 80}}),
              HasSubstr("2130706433:80 (127.0.0.1:80): deny_targets"));
  EXPECT_TRUE(names_.asked().empty());
}

TEST_F(CheckTargetsTest, NamesThatNobodyAnswersForAreNotWaitedFor) {
  names_.Hold();
  EXPECT_EQ(Check(Denying("10.0.0.0/8"), {{false, "slow.test", 80}}, SteadyNow() + kMillisecond),
            "");
  names_.Release();
}

TEST_F(CheckTargetsTest, WhatThePlanGives) {
  v1::Resolution& resolution = *transport_.add_resolutions();
  resolution.set_host("api.test");
  resolution.set_port(80);
  resolution.add_addresses("10.0.0.8");
  EXPECT_THAT(Check(Denying("10.0.0.0/8"), {{false, "api.test", 80}}), HasSubstr("10.0.0.8:80"));
  v1::Diversion& diversion = *transport_.add_diversions();
  diversion.set_host("other.test");
  diversion.set_to_host("10.0.0.9");
  diversion.set_to_port(8080);
  EXPECT_THAT(Check(Denying("10.0.0.0/8"), {{false, "other.test", 80}}),
              HasSubstr("other.test:80 (10.0.0.9:8080): deny_targets"));
}

TEST_F(CheckTargetsTest, Proxies) {
  names_.Set("proxy.test", {"10.0.0.8"});
  for (const auto& [url, place] :
       {std::pair("http://u:p@proxy.test:3128", "proxy.test:3128 (10.0.0.8:3128)"),
        std::pair("https://proxy.test", "proxy.test:443 (10.0.0.8:443)"),
        std::pair("http://proxy.test:80", "proxy.test:80 (10.0.0.8:80)"),
        std::pair("socks5h://PROXY.test", "proxy.test:1080 (10.0.0.8:1080)")}) {
    transport_.set_proxy(url);
    EXPECT_THAT(Check(Denying("10.0.0.0/8"), {{false, "192.0.2.1", 80}}), HasSubstr(place));
  }
  EXPECT_THAT(Check(Denying("bad.test"), {{false, "bad.test", 80}}),
              HasSubstr("bad.test:80: deny"));
}

TEST(PlanPolicy, OriginsOfAList) {
  v1::Plan plan = testing::SimplePlan();
  const std::string list =
      "http://a.test/1\nhttp://A.test:80/2\n/3\nhttps://u:p@a.test/\nhttp://[::1]:81/\n/4\n";
  plan.mutable_request()->set_url("http://base.test");
  plan.mutable_urls()->set_entries(6);
  plan.mutable_urls()->set_size_bytes(list.size());
  plan.mutable_urls()->set_order(v1::ORDER_RANDOM);
  const absl::StatusOr<RequestSource> source = RequestSource::Create(plan, list);
  ASSERT_TRUE(source.ok()) << source.status();
  const std::vector<Origin> origins = source->Origins();
  std::vector<std::string> shown;
  for (const Origin& origin : origins) shown.push_back(origin.Display());
  EXPECT_THAT(shown, ElementsAre("http://a.test:80", "http://base.test:80", "https://a.test:443",
                                 "http://[::1]:81"));
  EXPECT_EQ(TargetText(plan.transport(), origins), "4 origins");
  EXPECT_EQ(TargetText(plan.transport(), {origins.front()}), "http://a.test:80");
}

TEST(PlanPolicy, Limits) {
  constexpr uint64_t kNano = 1'000'000'000;
  Policy::Limits limits;
  limits.connections = {10, "a.yaml:1"};
  limits.rate_nano = {500 * kNano, "a.yaml:2"};
  limits.duration_ns = {60 * kNano, "a.yaml:3"};
  const Policy policy({}, limits);
  const struct {
    const char* name;
    void (*change)(v1::Prepare&);
    const char* reason;
  } rows[] = {
      {"within", [](v1::Prepare&) {}, ""},
      {"connections", [](v1::Prepare& p) { p.set_concurrency(11); },
       "makes at most 10 connections, and its share of this run is 11: max_connections (a.yaml:1)"},
      {"streams",
       [](v1::Prepare& p) {
         p.set_concurrency(100);
         p.mutable_plan()->mutable_transport()->set_streams(10);
       },
       ""},
      {"too many streams",
       [](v1::Prepare& p) {
         p.set_concurrency(101);
         p.mutable_plan()->mutable_transport()->set_streams(10);
       },
       "its share of this run is 11"},
      {"rate", [](v1::Prepare& p) { p.set_rate_nano(501 * kNano); },
       "sends at most 500 requests per second, and its share of this run is 501: max_rate "
       "(a.yaml:2)"},
      {"the share is not said", [](v1::Prepare& p) { p.set_rate_nano(0); }, "this run is 1000"},
      {"no rate", [](v1::Prepare& p) { p.mutable_plan()->mutable_phases(0)->clear_arrivals(); },
       "which a run without a rate cannot promise: max_rate (a.yaml:2)"},
      {"a target of its own",
       [](v1::Prepare& p) {
         p.mutable_plan()->mutable_phases(0)->clear_arrivals();
         p.set_own_target(true);
       },
       ""},
      {"duration",
       [](v1::Prepare& p) {
         v1::Plan& plan = *p.mutable_plan();
         *plan.add_phases() = plan.phases(0);
         plan.mutable_phases(1)->set_duration_ns(31 * kNano);
       },
       "works 1m on a run at most, and this one takes 1m1s: max_duration (a.yaml:3)"},
      {"no duration",
       [](v1::Prepare& p) { p.mutable_plan()->mutable_phases(0)->set_duration_ns(0); }, ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    v1::Prepare prepare;
    prepare.set_concurrency(10);
    prepare.set_rate_nano(500 * kNano);
    prepare.mutable_plan()->mutable_transport()->set_streams(1);
    v1::Phase& phase = *prepare.mutable_plan()->add_phases();
    phase.set_duration_ns(30 * kNano);
    phase.mutable_arrivals()->set_rate_nano(1000 * kNano);
    row.change(prepare);
    const absl::Status status = CheckLimits(policy, prepare);
    EXPECT_EQ(status.ok(), *row.reason == '\0') << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.reason));
    EXPECT_TRUE(CheckLimits(Policy(), prepare).ok());
  }
}

}  // namespace
}  // namespace squall
