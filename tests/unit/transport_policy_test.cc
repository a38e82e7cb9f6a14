// An agent's policy, as every transport must keep it: whatever was checked before a run, what is
// denied is never connected to.

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/curl_transport.h"
#include "agent/http1_transport.h"
#include "tests/support/fake_names.h"
#include "tests/support/raw_server.h"
#include "tests/support/transport_runner.h"

namespace squall::testing {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;

const RawScript kHello = {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}};

// Where `deny` is empty, `allow` alone counts.
Policy Make(const std::string& allow, const std::string& deny) {
  Policy::Rules rules;
  if (!allow.empty()) {
    rules.allow.push_back(ParseTargetRule(allow).value());
    rules.allow_where = "a.yaml:1";
  }
  if (!deny.empty()) rules.deny.push_back(ParseTargetRule(deny).value());
  return Policy(std::move(rules), {});
}

struct Kind {
  std::string name;
  TransportFactory factory;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class TransportPolicy : public ::testing::TestWithParam<Kind> {
 protected:
  Trip Send(const v1::Plan& plan, const std::vector<std::string>& urls) {
    return SendOver(network_, GetParam().factory, plan, 2, urls);
  }
  // Everything is denied, and nothing came.
  void ExpectDenied(const v1::Plan& plan, const std::string& url, const std::string& reason) {
    const Trip trip = Send(plan, std::vector<std::string>(20, url));
    EXPECT_EQ(trip.seen.size(), 20u);
    EXPECT_THAT(trip.seen, Each(Field(&Seen::kind, v1::FAILURE_KIND_POLICY)));
    EXPECT_THAT(trip.seen, Each(Field(&Seen::detail, HasSubstr(reason))));
    EXPECT_THAT(trip.seen, Each(Field(&Seen::connections, 0u)));
    EXPECT_TRUE(trip.tried.empty());
    EXPECT_TRUE(network_.addresses.Names().empty()) << "nor is it probed";
  }
  std::string At(const std::string& host) const {
    return fmt::format("http://{}:{}/", host, server_.port());
  }

  RawServer server_{kHello};
  FakeNames names_;
  Network network_{names_.lookup(), names_.clock()};
};
INSTANTIATE_TEST_SUITE_P(All, TransportPolicy,
                         ::testing::Values(Kind{"Curl", &MakeCurlTransport},
                                           Kind{"Http1", &MakeHttp1Transport}),
                         [](const auto& test) { return test.param.name; });

TEST_P(TransportPolicy, AnAddress) {
  network_.policy = Make("", "127.0.0.0/8");
  ExpectDenied(SimplePlan(), At("127.0.0.1"), "deny_targets 127.0.0.0/8");
  ExpectDenied(SimplePlan(), At("[::ffff:127.0.0.1]"), "deny_targets 127.0.0.0/8");
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_P(TransportPolicy, ANamesAddress) {
  names_.Set("api.example", {"127.0.0.1"});
  network_.policy = Make("", "127.0.0.0/8");
  ExpectDenied(SimplePlan(), At("api.example"), "deny_targets 127.0.0.0/8");
  EXPECT_EQ(names_.asked().size(), 1u) << "not once a request";
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_P(TransportPolicy, OneOfANamesAddresses) {
  names_.Set("api.example", {"127.0.0.1", "127.0.0.2"});
  network_.policy = Make("", "127.0.0.2");
  ExpectDenied(SimplePlan(), At("api.example"), "127.0.0.2");
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_P(TransportPolicy, AName) {
  names_.Set("api.example", {"127.0.0.1"});
  network_.policy = Make("", "*.example");
  names_.Set("api.example.", {"127.0.0.1"});
  ExpectDenied(SimplePlan(), At("api.example"), "deny_targets *.example");
  ExpectDenied(SimplePlan(), At("x@API.example."), "deny_targets *.example");
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_P(TransportPolicy, WhatThePlanGives) {
  network_.policy = Make("*.example", "");
  v1::Plan plan = SimplePlan();
  v1::Resolution& resolution = *plan.mutable_transport()->add_resolutions();
  resolution.set_host("api.example");
  resolution.set_port(server_.port());
  resolution.add_addresses("127.0.0.1");
  ExpectDenied(plan, At("api.example"), "not in allow_targets");
  v1::Diversion& diversion = *plan.mutable_transport()->add_diversions();
  diversion.set_host("other.example");
  diversion.set_to_host("127.0.0.1");
  ExpectDenied(plan, At("other.example"), "not in allow_targets");
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_P(TransportPolicy, WhatIsAllowed) {
  names_.Set("api.example", {"127.0.0.1"});
  network_.policy = Make("*.example", "");
  const Trip trip = Send(SimplePlan(), std::vector<std::string>(20, At("api.example")));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::status, 200u)));
  EXPECT_EQ(trip.seen.size(), 20u);
}

// The same connections serve on; only what is denied fails, wherever it stands in a list.
TEST_P(TransportPolicy, OneOfAList) {
  network_.policy = Make("", "127.0.0.2");
  v1::Plan plan = SimplePlan();
  plan.mutable_urls();
  std::vector<std::string> urls;
  for (int i = 0; i < 10; ++i) {
    urls.push_back(At("127.0.0.1"));
    urls.push_back(At("127.0.0.2"));
  }
  const Trip trip = Send(plan, urls);
  int denied = 0;
  for (const Seen& seen : trip.seen) {
    if (seen.kind == v1::FAILURE_KIND_POLICY) ++denied;
    if (seen.kind == v1::FAILURE_KIND_NONE) {
      EXPECT_EQ(seen.status, 200u);
    }
  }
  EXPECT_EQ(denied, 10);
  EXPECT_EQ(trip.seen.size(), 20u);
}

// A name that is allowed at first and means something else later.
TEST_P(TransportPolicy, Rebinding) {
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_dns_refresh_ns(kSecond);
  network_.policy = Make("", "127.0.0.2");
  names_.Set("api.example", {"127.0.0.1"});
  const Trip before = Send(plan, std::vector<std::string>(10, At("api.example")));
  EXPECT_THAT(before.seen, Each(Field(&Seen::status, 200u)));
  names_.Set("api.example", {"127.0.0.2"});
  names_.Advance(2 * kSecond);
  const Trip after = Send(plan, std::vector<std::string>(10, At("api.example")));
  EXPECT_THAT(after.seen, Each(Field(&Seen::kind, v1::FAILURE_KIND_POLICY)));
  names_.Set("api.example", {"127.0.0.1"});
  names_.Advance(2 * kSecond);
  const Trip again = Send(plan, std::vector<std::string>(10, At("api.example")));
  EXPECT_THAT(again.seen, Each(Field(&Seen::status, 200u)));
}

TEST(CurlPolicy, Redirects) {
  RawServer denied(kHello);
  RawServer server(
      {{fmt::format("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
                    "http://127.0.0.1:{}/\r\n\r\n",
                    denied.port())}});
  Network network;
  network.policy = Make("", fmt::format("127.0.0.1:{}", denied.port()));
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_follow(true);
  const Trip trip =
      SendOver(network, &MakeCurlTransport, plan, 2,
               std::vector<std::string>(20, fmt::format("http://127.0.0.1:{}/", server.port())));
  EXPECT_EQ(trip.seen.size(), 20u);
  EXPECT_THAT(trip.seen, Each(Field(&Seen::kind, v1::FAILURE_KIND_POLICY)));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::detail, HasSubstr("deny_targets"))));
  EXPECT_EQ(denied.connections(), 0u);
}

TEST(CurlPolicy, AProxyIsATarget) {
  RawServer proxy(kHello);
  Network network;
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_proxy(fmt::format("http://127.0.0.1:{}", proxy.port()));
  network.policy = Make("", "127.0.0.0/8");
  Trip trip = SendOver(network, &MakeCurlTransport, plan, 1, {"http://192.0.2.1/"});
  EXPECT_EQ(trip.seen.at(0).kind, v1::FAILURE_KIND_POLICY);
  network.policy = Make("", "192.0.2.1");
  trip = SendOver(network, &MakeCurlTransport, plan, 1, {"http://192.0.2.1/"});
  EXPECT_EQ(trip.seen.at(0).kind, v1::FAILURE_KIND_POLICY);
  EXPECT_EQ(proxy.connections(), 0u);
  network.policy = Policy();
  trip = SendOver(network, &MakeCurlTransport, plan, 1, {"http://192.0.2.1/"});
  EXPECT_EQ(trip.seen.at(0).status, 200u);
}

}  // namespace
}  // namespace squall::testing
