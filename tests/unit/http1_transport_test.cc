#include "agent/http1_transport.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/plan_check.h"
#include "tests/support/raw_server.h"
#include "tests/support/transport_cases.h"
#include "tests/support/transport_resend_cases.h"
#include "tests/support/transport_runner.h"
#include "tests/support/transport_timings.h"

namespace squall::testing {
namespace {

const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

template <typename Case>
std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

// The rows that http1 is for.
template <typename Case>
std::vector<Case> ForHttp1(std::vector<Case> cases) {
  std::erase_if(cases, [](const Case& test) {
    v1::Plan plan = SimplePlan();
    if (test.change) test.change(plan);
    return !WhatNeedsCurl(plan).empty();
  });
  return cases;
}

class Http1ResponseCases : public ::testing::TestWithParam<ResponseCase> {};
TEST_P(Http1ResponseCases, HasItsOutcome) { RunResponseCase(GetParam(), &MakeHttp1Transport); }
INSTANTIATE_TEST_SUITE_P(All, Http1ResponseCases, ::testing::ValuesIn(ForHttp1(ResponseCases())),
                         NameOf<ResponseCase>);

class Http1RequestOnWire : public ::testing::TestWithParam<RequestCase> {};
TEST_P(Http1RequestOnWire, IsWhatThePlanSays) { RunRequestCase(GetParam(), &MakeHttp1Transport); }
INSTANTIATE_TEST_SUITE_P(All, Http1RequestOnWire, ::testing::ValuesIn(ForHttp1(RequestCases())),
                         NameOf<RequestCase>);

class Http1Resend : public ::testing::TestWithParam<ResendCase> {};
TEST_P(Http1Resend, FollowsTheRule) { RunResendCase(GetParam(), &MakeHttp1Transport); }
INSTANTIATE_TEST_SUITE_P(All, Http1Resend, ::testing::ValuesIn(ResendCases()), NameOf<ResendCase>);

TEST(Http1Transport, ResendsOnAFreshConnectionBesideStaleOnes) {
  RunResendBesideStaleConnections(&MakeHttp1Transport);
}

TEST(Http1Transport, ResendsWithinTheTimeout) { RunResendWithinTimeout(&MakeHttp1Transport); }

TEST(Http1Transport, TellsTheParts) { RunTimingsOfParts(&MakeHttp1Transport); }

TEST(Http1Transport, TellsNoPartsOfResent) { RunTimingsOfResent(&MakeHttp1Transport); }

size_t CountOf(const std::vector<Seen>& all, v1::FailureKind kind) {
  return static_cast<size_t>(std::count_if(all.begin(), all.end(),
                                           [kind](const Seen& seen) { return seen.kind == kind; }));
}

uint32_t Connections(const std::vector<Seen>& all) {
  uint32_t sum = 0;
  for (const Seen& seen : all) sum += seen.connections;
  return sum;
}

TEST(Http1Transport, OpensOneConnectionForEachSlot) {
  RawServer server({{kHello}});
  const auto seen =
      SendAll(&MakeHttp1Transport, SimplePlan(), 7, std::vector<std::string>(1000, server.Url()));
  EXPECT_EQ(CountOf(seen, v1::FAILURE_KIND_NONE), 1000u);
  EXPECT_EQ(server.requests().size(), 1000u);
  EXPECT_EQ(server.connections(), 7u);
  EXPECT_EQ(Connections(seen), 7u);
}

TEST(Http1Transport, KeepsConnectionsToSeveralHosts) {
  std::vector<std::unique_ptr<RawServer>> servers;
  for (int host = 0; host < 5; ++host) {
    servers.push_back(std::make_unique<RawServer>(RawScript{{kHello}}));
  }
  std::vector<std::string> urls;
  for (size_t n = 0; n < 500; ++n) urls.push_back(servers[n % servers.size()]->Url());
  const auto seen = SendAll(&MakeHttp1Transport, SimplePlan(), 1, urls);
  EXPECT_EQ(CountOf(seen, v1::FAILURE_KIND_NONE), 500u);
  for (const auto& server : servers) EXPECT_EQ(server->connections(), 1u);
}

TEST(Http1Transport, OpensAConnectionForEachRequestWithoutKeepalive) {
  RawServer server({{kHello}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_no_keepalive(true);
  const auto seen =
      SendAll(&MakeHttp1Transport, plan, 3, std::vector<std::string>(50, server.Url()));
  EXPECT_EQ(CountOf(seen, v1::FAILURE_KIND_NONE), 50u);
  EXPECT_EQ(server.connections(), 50u);
}

TEST(Http1Transport, CutsOffWhatIsInFlight) {
  RawServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", RawAnswer::Then::kSilence}});
  const auto seen = SendAll(&MakeHttp1Transport, SimplePlan(), 3,
                            std::vector<std::string>(3, server.Url()), 300 * kMillisecond);
  ASSERT_EQ(seen.size(), 3u);
  for (const Seen& one : seen) {
    EXPECT_EQ(one.kind, v1::FAILURE_KIND_CUT_OFF);
    EXPECT_EQ(one.bytes_received, 40u);
    EXPECT_EQ(one.connections, 1u);
  }
}

TEST(Http1Transport, RefusesPlansThatNeedAnother) {
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_follow(true);
  class Ignore final : public Transport::Sink {
    void OnOutcome(uint32_t, Nanos, const Outcome&) noexcept override {}
    void OnConnecting(uint32_t) noexcept override {}
  } sink;
  Network network;
  EXPECT_EQ(MakeHttp1Transport({plan, network, nullptr, sink, 1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace squall::testing
