// What both transports make of a plan's checks.
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent/curl_transport.h"
#include "agent/http1_transport.h"
#include "tests/support/raw_server.h"
#include "tests/support/transport_runner.h"

namespace squall::testing {
namespace {

const std::string kHello = "HTTP/1.1 200 OK\r\nX-Id: 7\r\nContent-Length: 5\r\n\r\nhello";
const std::string kOther = "HTTP/1.1 200 OK\r\nX-Id: 8\r\nContent-Length: 5\r\n\r\nhullo";
const std::string kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Id: "
    "7\r\n\r\n";
const std::string kProvisional = "HTTP/1.1 103 Early Hints\r\nX-Id: 7\r\n\r\n";
const std::string kPlain = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const std::string kJson = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"id\": 7}";
const std::string kGone = "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone";
const std::string kRedirect =
    "HTTP/1.1 302 Found\r\nLocation: /next\r\nX-Id: 7\r\nContent-Length: 0\r\n\r\n";

struct Case {
  std::string name;
  std::function<void(v1::Plan&)> change;
  RawScript script;
  std::vector<v1::FailureKind> verdicts;  // of one request after the other
  std::string detail = "";                // of the last
};

void Id(v1::Plan& plan) { plan.mutable_checks()->add_headers()->set_name("X-Id"); }

void IdOf7(v1::Plan& plan) {
  Id(plan);
  plan.mutable_checks()->mutable_headers(0)->set_value("7");
}

void Found(v1::Plan& plan) {
  plan.mutable_checks()->add_statuses()->set_first(404);
  plan.mutable_checks()->mutable_statuses(0)->set_last(404);
}

std::vector<Case> Cases() {
  const v1::FailureKind none = v1::FAILURE_KIND_NONE;
  const v1::FailureKind header = v1::FAILURE_KIND_HEADER;
  const v1::FailureKind body = v1::FAILURE_KIND_BODY;
  const auto hello = [](v1::Plan& plan) { plan.mutable_checks()->add_bodies("hello"); };
  const auto pattern = [](v1::Plan& plan) { plan.mutable_checks()->add_bodies("^h[e]llo$"); };
  const auto json = [](v1::Plan& plan) { plan.mutable_checks()->add_json()->set_path("$.id"); };
  return {
      {"Status",
       Found,
       {{kGone}, {kGone}, {kPlain}},
       {none, none, v1::FAILURE_KIND_STATUS},
       "hello"},
      {"Header", IdOf7, {{kHello}, {kHello}, {kOther}, {kHello}}, {none, none, header, none}},
      {"HeaderIsOther", IdOf7, {{kOther}, {kOther}}, {header, header}, "not X-Id: 7, but: 8"},
      {"HeaderInPieces", IdOf7, {{.bytes = kHello, .byte_by_byte = true}}, {none}},
      {"TrailerIsNoHeader", Id, {{kChunked}}, {header}, "no X-Id"},
      {"ProvisionalHeaderIsNone", Id, {{kProvisional + kPlain}}, {header}, "no X-Id"},
      {"HeaderAfterProvisional", Id, {{kProvisional + kHello}}, {none}},
      {"HeaderOfARedirectIsNone",
       [](v1::Plan& plan) {
         Id(plan);
         plan.mutable_transport()->set_follow(true);
       },
       {{kRedirect}, {kPlain}},
       {header},
       "no X-Id"},
      {"Body",
       hello,
       {{kHello}, {kHello}, {kOther}},
       {none, none, body},
       "no match for hello in: hullo"},
      {"BodyInChunks", hello, {{kChunked}}, {none}},
      {"BodyByteByByte", hello, {{.bytes = kHello, .byte_by_byte = true}}, {none}},
      {"BodyUntilClose",
       hello,
       {{"HTTP/1.1 200 OK\r\n\r\nhello", RawAnswer::Then::kClose}},
       {none}},
      {"Pattern",
       pattern,
       {{kPlain}, {kPlain}, {kChunked}, {kOther}},
       {none, none, none, body},
       "no match for ^h[e]llo$ in: hullo"},
      {"Json",
       json,
       {{kJson}, {kJson}, {kPlain}},
       {none, none, v1::FAILURE_KIND_JSON},
       "not JSON, at byte 1: hello"},
      {"Size",
       [](v1::Plan& plan) { plan.mutable_checks()->mutable_size()->set_most(4); },
       {{kGone}, {kJson}},
       {v1::FAILURE_KIND_STATUS, v1::FAILURE_KIND_SIZE},
       "9 bytes, not 0-4"},
  };
}

void RunOver(TransportFactory factory, bool follows) {
  for (const Case& test : Cases()) {
    SCOPED_TRACE(test.name);
    v1::Plan plan = SimplePlan();
    test.change(plan);
    if (plan.transport().follow() && !follows) continue;
    RawServer server(test.script);
    const auto seen =
        SendAll(factory, plan, 1, std::vector<std::string>(test.verdicts.size(), server.Url()));
    ASSERT_EQ(seen.size(), test.verdicts.size());
    for (size_t i = 0; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i].kind, v1::FAILURE_KIND_NONE) << seen[i].detail;
      ASSERT_TRUE(seen[i].judged);
      EXPECT_EQ(v1::FailureKind_Name(*seen[i].judged), v1::FailureKind_Name(test.verdicts[i]))
          << i << ": " << seen[i].detail;
    }
    if (!test.detail.empty()) {
      EXPECT_EQ(seen.back().detail, test.detail);
    }
  }
}

TEST(TransportChecks, OfHttp1) { RunOver(&MakeHttp1Transport, false); }
TEST(TransportChecks, OfCurl) { RunOver(&MakeCurlTransport, true); }

TEST(TransportChecks, AreNotThereWithoutAny) {
  RawServer server({{kGone}});
  for (const TransportFactory factory : {&MakeHttp1Transport, &MakeCurlTransport}) {
    const Seen seen = SendOne(factory, SimplePlan(), server.Url());
    EXPECT_FALSE(seen.judged);
    EXPECT_EQ(seen.detail, "gone");
  }
}

}  // namespace
}  // namespace squall::testing
