#include "agent/port_limit.h"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/host_limits.h"

namespace squall {
namespace {

constexpr uint64_t kPorts = 100;

void Resolve(v1::Plan& plan, const std::vector<std::string>& addresses) {
  v1::Resolution& resolution = *plan.mutable_transport()->add_resolutions();
  resolution.set_host("api");
  resolution.set_port(80);
  for (const std::string& address : addresses) resolution.add_addresses(address);
}

void SendFrom(v1::Plan& plan, const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) {
    plan.mutable_transport()->add_source_addresses(address);
  }
}

TEST(PortLimit, IsPortsForEachPairOfAddresses) {
  struct Case {
    std::string name;
    uint32_t most;  // 0: no limit
    std::function<void(v1::Plan&)> change;
  };
  const std::vector<Case> cases = {
      {"one address", 100, [](v1::Plan& plan) { Resolve(plan, {"10.0.0.1"}); }},
      {"three addresses", 300,
       [](v1::Plan& plan) {
         Resolve(plan, {"10.0.0.1", "10.0.0.2", "::1"});
       }},
      {"sources of one family", 400,
       [](v1::Plan& plan) {
         Resolve(plan, {"10.0.0.1", "10.0.0.2", "::1"});
         SendFrom(plan, {"127.0.0.1", "127.0.0.2"});
       }},
      {"sources of both", 300,
       [](v1::Plan& plan) {
         Resolve(plan, {"10.0.0.1", "::1"});
         SendFrom(plan, {"127.0.0.1", "127.0.0.2", "::1"});
       }},
      {"numeric host", 100,
       [](v1::Plan& plan) { plan.mutable_request()->set_url("http://[::1]:8080/"); }},
      {"a proxy", 100,
       [](v1::Plan& plan) { plan.mutable_transport()->set_proxy("http://127.0.0.1:3128"); }},
      {"streams", 1'000,
       [](v1::Plan& plan) {
         Resolve(plan, {"10.0.0.1"});
         plan.mutable_transport()->set_streams(10);
       }},
      {"a unix socket", 0, [](v1::Plan& plan) { plan.mutable_transport()->set_unix_socket("x"); }},
      {"a list of URLs", 0, [](v1::Plan& plan) { plan.mutable_urls(); }},
      {"redirects", 0,
       [](v1::Plan& plan) {
         Resolve(plan, {"10.0.0.1"});
         plan.mutable_transport()->set_follow(true);
       }},
      {"a name that is not found", 0,
       [](v1::Plan& plan) { plan.mutable_request()->set_url("http://no-such-host.invalid/"); }},
  };
  for (const Case& c : cases) {
    v1::Prepare prepare;
    prepare.mutable_plan()->mutable_request()->set_url("http://api/");
    prepare.mutable_plan()->mutable_transport()->set_streams(1);
    c.change(*prepare.mutable_plan());
    prepare.set_concurrency(c.most == 0 ? 1'000'000 : c.most);
    EXPECT_TRUE(CheckPortLimit(prepare, kPorts).ok()) << c.name;
    if (c.most == 0) continue;
    prepare.set_concurrency(c.most + 1);
    EXPECT_TRUE(absl::IsInvalidArgument(CheckPortLimit(prepare, kPorts))) << c.name;
  }
}

TEST(PortLimit, NamesTheLimit) {
  v1::Prepare prepare;
  prepare.mutable_plan()->mutable_request()->set_url("http://127.0.0.1:8080/");
  prepare.mutable_plan()->mutable_transport()->set_streams(1);
  prepare.set_concurrency(101);
  const std::string message(CheckPortLimit(prepare, kPorts).message());
  EXPECT_THAT(message, testing::HasSubstr("needs 101 connections to 127.0.0.1:8080"));
  EXPECT_THAT(message, testing::HasSubstr("100 local ports"));
  EXPECT_THAT(message, testing::ContainsRegex("port_range|portrange|range of local ports"));
}

TEST(PortLimit, TheSystemHasPorts) {
  EXPECT_GT(LocalPorts(), 0u);
  EXPECT_LT(LocalPorts(), 65'536u);
}

}  // namespace
}  // namespace squall
