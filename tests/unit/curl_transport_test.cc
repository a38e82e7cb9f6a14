#include "agent/curl_transport.h"

#include <algorithm>
#include <cstdlib>
#include <ev.h>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/event_loop.h"
#include "tests/support/nginx.h"
#include "tests/support/raw_server.h"
#include "tests/support/transport_cases.h"
#include "tests/support/transport_resend_cases.h"
#include "tests/support/transport_runner.h"

namespace squall::testing {
namespace {

const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

template <typename Case>
std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

class CurlResponse : public ::testing::TestWithParam<ResponseCase> {};
TEST_P(CurlResponse, HasItsOutcome) { RunResponseCase(GetParam(), &MakeCurlTransport); }
INSTANTIATE_TEST_SUITE_P(All, CurlResponse, ::testing::ValuesIn(ResponseCases()),
                         NameOf<ResponseCase>);

class CurlRequestOnWire : public ::testing::TestWithParam<RequestCase> {};
TEST_P(CurlRequestOnWire, IsWhatThePlanSays) { RunRequestCase(GetParam(), &MakeCurlTransport); }
INSTANTIATE_TEST_SUITE_P(All, CurlRequestOnWire, ::testing::ValuesIn(RequestCases()),
                         NameOf<RequestCase>);

uint32_t Connections(const std::vector<Seen>& all) {
  uint32_t sum = 0;
  for (const Seen& seen : all) sum += seen.connections;
  return sum;
}

size_t CountOf(const std::vector<Seen>& all, v1::FailureKind kind) {
  return static_cast<size_t>(std::count_if(all.begin(), all.end(),
                                           [kind](const Seen& seen) { return seen.kind == kind; }));
}

class CurlResend : public ::testing::TestWithParam<ResendCase> {};
TEST_P(CurlResend, IsAsTheCaseSays) { RunResendCase(GetParam(), &MakeCurlTransport); }
INSTANTIATE_TEST_SUITE_P(All, CurlResend, ::testing::ValuesIn(ResendCases()), NameOf<ResendCase>);

// The answer to the first request is followed on the same connection, which is then closed.
TEST(CurlTransport, ResendsWhatARedirectLedTo) {
  RawServer server({{"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"},
                    {"", RawAnswer::Then::kClose},
                    {kHello}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_follow(true);
  const Seen seen = SendOne(&MakeCurlTransport, plan, server.Url());
  EXPECT_EQ(seen.status, 200u) << seen.detail;
  EXPECT_TRUE(seen.resent);
  EXPECT_EQ(seen.connections, 2u);
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST(CurlTransport, TellsNoPartsOfRedirects) {
  RawServer server(
      {{"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"}, {kHello}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_follow(true);
  const auto seen = SendAll(&MakeCurlTransport, plan, 1, {server.Url(), server.Url()});
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].status, 200u);
  EXPECT_LT(seen[0].timings.first_byte, 0);
  EXPECT_GE(seen[1].timings.first_byte, 0);
}

TEST(CurlTransport, DoesNotTry417Again) {
  RawServer server({{"HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno"}, {kHello}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_follow(true);
  plan.mutable_request()->set_method("POST");
  plan.mutable_request()->set_body("a=1");
  v1::Header* expect = plan.mutable_request()->add_headers();
  expect->set_name("Expect");
  expect->set_value("100-continue");
  const Seen seen = SendOne(&MakeCurlTransport, plan, server.Url());
  EXPECT_EQ(seen.status, 417u) << seen.detail;
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(CurlTransport, FollowsSeeOtherWithGetAndTakesTheMethodUpAgain) {
  const std::string see_other =
      "HTTP/1.1 303 See Other\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
  RawServer server({{see_other}, {kHello}, {kHello}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_follow(true);
  plan.mutable_request()->set_method("PUT");
  plan.mutable_request()->set_body("a=1");
  SendAll(&MakeCurlTransport, plan, 1, {server.Url("/1"), server.Url("/2")});
  const std::vector<std::string> requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_THAT(requests[0], ::testing::StartsWith("PUT /1 "));
  EXPECT_THAT(requests[1], ::testing::StartsWith("GET /next "));
  EXPECT_THAT(requests[2], ::testing::StartsWith("PUT /2 "));
  EXPECT_THAT(requests[2], ::testing::EndsWith("a=1"));
}

TEST(CurlTransport, TagsWhatARedirectLeadsTo) {
  RawServer server(
      {{"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"}, {kHello}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_follow(true);
  plan.mutable_request()->set_tag(true);
  SendAll(&MakeCurlTransport, plan, 1, {server.Url()});
  const std::vector<std::string> requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_THAT(requests, ::testing::Each(::testing::HasSubstr("\r\nSquall-Request: 0\r\n")));
}

TEST(CurlTransport, FailsLaterWhatCannotBegin) {
  // libcurl takes no URL of more than 8,000,000 bytes.
  const std::string endless = "http://127.0.0.1/" + std::string(9'000'000, 'a');
  const auto seen =
      SendAll(&MakeCurlTransport, SimplePlan(), 2, std::vector<std::string>(6, endless));
  EXPECT_EQ(CountOf(seen, v1::FAILURE_KIND_OTHER), 6u);
}

TEST(CurlTransport, RejectsHeadWithABody) {
  v1::Plan plan = SimplePlan();
  plan.mutable_request()->set_method("HEAD");
  plan.mutable_request()->set_body("a=1");
  class Ignore final : public Transport::Sink {
    void OnOutcome(uint32_t, Nanos, const Outcome&) noexcept override {}
    void OnBatch() noexcept override {}
    void OnConnecting(uint32_t) noexcept override {}
  } sink;
  Network network;
  struct ev_loop* loop = NewEventLoop();
  EXPECT_EQ(MakeCurlTransport({plan, network, loop, sink, 1}).status().code(),
            absl::StatusCode::kInvalidArgument);
  ev_loop_destroy(loop);
}

TEST(CurlTransport, ObeysNoProxyOfTheEnvironment) {
  RawServer server({{kHello}});
  const std::string nobody = "http://127.0.0.1:" + std::to_string(ClosedPort());
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    setenv(name, nobody.c_str(), 1);
  }
  EXPECT_EQ(SendOne(&MakeCurlTransport, SimplePlan(), server.Url()).status, 200u);

  // Nor does it keep the plan's own proxy from being used.
  setenv("no_proxy", "*", 1);
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_proxy(server.Url());
  const Seen seen = SendOne(&MakeCurlTransport, plan, "http://no-such-host.invalid/path");
  for (const char* name :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy"}) {
    unsetenv(name);
  }
  EXPECT_EQ(seen.status, 200u) << seen.detail;
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_EQ(server.requests()[1],
            "GET http://no-such-host.invalid/path HTTP/1.1\r\nHost: no-such-host.invalid\r\n"
            "User-Agent: squall/0.1.0\r\nAccept: */*\r\n\r\n");
}

TEST(CurlTransport, TellsWhenTheProxyFails) {
  RawServer refusing({{"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_proxy(refusing.Url());
  EXPECT_EQ(SendOne(&MakeCurlTransport, plan, "https://127.0.0.1/").kind, v1::FAILURE_KIND_PROXY);
  plan.mutable_transport()->set_proxy("http://127.0.0.1:" + std::to_string(ClosedPort()));
  EXPECT_EQ(SendOne(&MakeCurlTransport, plan, "http://127.0.0.1/").kind, v1::FAILURE_KIND_PROXY);
  plan.mutable_transport()->set_proxy("http://no-such-host.invalid:1");
  EXPECT_EQ(SendOne(&MakeCurlTransport, plan, "http://127.0.0.1/").kind, v1::FAILURE_KIND_PROXY);
}

class CurlWithNginx : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Nginx::Installed()) GTEST_SKIP() << "nginx is not installed";
  }
};

TEST_F(CurlWithNginx, VerifiesCertificates) {
  Nginx nginx("ssl");
  v1::Plan plan = SimplePlan();
  const Seen unknown = SendOne(&MakeCurlTransport, plan, nginx.Url("https"));
  EXPECT_EQ(unknown.kind, v1::FAILURE_KIND_TLS);
  EXPECT_THAT(unknown.detail, ::testing::HasSubstr("certificate"));

  plan.mutable_transport()->set_ca_pem(nginx.CertificatePem());
  EXPECT_EQ(SendOne(&MakeCurlTransport, plan, nginx.Url("https")).status, 200u);

  plan.mutable_transport()->set_ca_pem("");
  plan.mutable_transport()->set_insecure(true);
  EXPECT_EQ(SendOne(&MakeCurlTransport, plan, nginx.Url("https")).status, 200u);

  EXPECT_EQ(nginx.StopAndReadLog().size(), 2u);
}

struct Http2Case {
  std::string name;
  std::string listen;
  std::string scheme;
  uint32_t streams;
  uint32_t slots;
  size_t connections;
};
void PrintTo(const Http2Case& test, std::ostream* out) { *out << test.name; }

class CurlHttp2 : public CurlWithNginx, public ::testing::WithParamInterface<Http2Case> {};

TEST_P(CurlHttp2, SharesConnectionsAsAsked) {
  const Http2Case& test = GetParam();
  Nginx nginx(test.listen);
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_2);
  plan.mutable_transport()->set_streams(test.streams);
  plan.mutable_transport()->set_ca_pem(nginx.CertificatePem());
  const auto seen = SendAll(&MakeCurlTransport, plan, test.slots,
                            std::vector<std::string>(2000, nginx.Url(test.scheme)));
  EXPECT_EQ(CountOf(seen, v1::FAILURE_KIND_NONE), 2000u);
  EXPECT_EQ(Connections(seen), test.connections);

  const std::vector<std::string> log = nginx.StopAndReadLog();
  EXPECT_EQ(log.size(), 2000u);
  EXPECT_THAT(log, ::testing::Each(::testing::EndsWith("HTTP/2.0")));
  EXPECT_EQ(std::set<std::string>(log.begin(), log.end()).size(), test.connections);
}
INSTANTIATE_TEST_SUITE_P(
    All, CurlHttp2,
    ::testing::Values(Http2Case{"PlainOneStream", "http2", "http", 1, 20, 20},
                      Http2Case{"PlainTenStreams", "http2", "http", 10, 20, 2},
                      Http2Case{"PlainTenStreamsUneven", "http2", "http", 10, 25, 3},
                      Http2Case{"TlsOneStream", "ssl http2", "https", 1, 20, 20},
                      Http2Case{"TlsTenStreams", "ssl http2", "https", 10, 25, 3}),
    NameOf<Http2Case>);

TEST_F(CurlWithNginx, FailsWhenTheServerAgreesToLessThanHttp2) {
  for (const char* scheme : {"http", "https"}) {
    SCOPED_TRACE(scheme);
    Nginx nginx(scheme == std::string("https") ? "ssl" : "");
    v1::Plan plan = SimplePlan();
    plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_2);
    plan.mutable_transport()->set_insecure(true);
    const auto seen =
        SendAll(&MakeCurlTransport, plan, 2, std::vector<std::string>(6, nginx.Url(scheme)));
    EXPECT_EQ(seen.size(), 6u);
    for (const Seen& one : seen) {
      EXPECT_EQ(v1::FailureKind_Name(one.kind), "FAILURE_KIND_HTTP_VERSION") << one.detail;
      EXPECT_EQ(one.status, 0u);
    }
  }
}

TEST_F(CurlWithNginx, FollowsRedirectsOverHttp2WithoutTls) {
  Nginx nginx("http2");
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_2);
  plan.mutable_transport()->set_follow(true);
  const std::string redirect = nginx.Url("http", "/to?url=/end");
  const auto seen = SendAll(&MakeCurlTransport, plan, 1,
                            {redirect, nginx.Url("http"), redirect, redirect, nginx.Url("http")});
  EXPECT_EQ(CountOf(seen, v1::FAILURE_KIND_NONE), 5u);
  for (const Seen& one : seen) EXPECT_EQ(one.status, 200u) << one.detail;
  EXPECT_EQ(nginx.StopAndReadLog().size(), 8u);
}

// libcurl 7.88 would ask the second server in HTTP/1.1.
TEST_F(CurlWithNginx, SpeaksNothingButHttp2AfterARedirectToAnotherServer) {
  Nginx nginx("http2");
  Nginx other("http2");
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_2);
  plan.mutable_transport()->set_follow(true);
  const auto seen = SendAll(&MakeCurlTransport, plan, 1,
                            {nginx.Url("http"), nginx.Url("http", "/to?url=" + other.Url("http"))});
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].status, 200u) << seen[0].detail;
  const bool followed = seen[1].status == 200;
  if (!followed) {
    EXPECT_EQ(seen[1].kind, v1::FAILURE_KIND_OTHER);
    EXPECT_THAT(seen[1].detail, ::testing::HasSubstr("libcurl"));
  }
  const std::vector<std::string> log = other.StopAndReadLog();
  EXPECT_EQ(log.size(), followed ? 1u : 0u);
  EXPECT_THAT(log, ::testing::Each(::testing::EndsWith("HTTP/2.0")));
}

// Not to be taken for a server that speaks something else.
TEST(CurlTransport, TellsAServerThatClosesFromOneWithoutHttp2) {
  RawServer server({{"", RawAnswer::Then::kClose}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_2);
  const Seen seen = SendOne(&MakeCurlTransport, plan, server.Url());
  EXPECT_EQ(v1::FailureKind_Name(seen.kind), "FAILURE_KIND_CLOSED_BEFORE_RESPONSE") << seen.detail;
}

}  // namespace
}  // namespace squall::testing
