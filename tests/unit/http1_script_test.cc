// What http1_transport makes of a script: what is sent, what comes of several requests in one text,
// and what response() gets.
#include "agent/http1_script.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/http1_transport.h"
#include "tests/support/raw_server.h"
#include "tests/support/transport_runner.h"
#include "tests/unit/script_support.h"

namespace squall::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Then = RawAnswer::Then;

std::string Hello(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

const RawAnswer kClosed = {"", Then::kClose};

class Http1ScriptTest : public ::testing::Test {
 protected:
  // Sends so many numbers, one after the other, as the script makes them.
  std::vector<Seen> Send(const RawServer& server, const std::string& text, size_t count) {
    v1::Plan plan = SimplePlan();
    plan.mutable_request()->set_url(server.Url());
    plan.mutable_script()->set_name("test.lua");
    plan.mutable_script()->set_text(text);
    auto script = Ready(plan);
    if (!script.ok()) {
      ADD_FAILURE() << script.status();
      return {};
    }
    script_ = script->get();
    std::vector<Seen> seen =
        SendOver(network, &Make, plan, 1, std::vector<std::string>(count, server.Url())).seen;
    EXPECT_EQ(seen.size(), count);
    seen.resize(count);
    return seen;
  }

  Network network;

 private:
  static absl::StatusOr<std::unique_ptr<Transport>> Make(const TransportSetup& setup) {
    TransportSetup with = setup;
    with.script = script_;
    return MakeHttp1Transport(with);
  }

  static inline Script* script_ = nullptr;
};

constexpr char kThree[] =
    "local all = wrk.format('GET', '/1', {Host = 'h'}) .. wrk.format('HEAD', '/2', {Host = 'h'}) "
    ".. wrk.format('GET', '/3', {Host = 'h'}) "
    "function request() return all end";

TEST_F(Http1ScriptTest, SendsSeveralAtOnceAndTakesTheirAnswersForOne) {
  const std::string to_head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
  RawServer server(
      {{Hello("one")}, {to_head}, {Hello("three")}, {Hello("one")}, {to_head}, {Hello("three")}});
  const std::vector<Seen> seen = Send(server, kThree, 2);
  const std::vector<std::string> requests = server.requests();
  ASSERT_EQ(requests.size(), 6u);
  EXPECT_THAT(requests[1], StartsWith("HEAD /2 HTTP/1.1\r\n"));
  EXPECT_THAT(requests[5], StartsWith("GET /3 HTTP/1.1\r\n"));
  EXPECT_EQ(server.connections(), 1u);
  for (const Seen& one : seen) {
    EXPECT_EQ(one.kind, v1::FAILURE_KIND_NONE);
    EXPECT_EQ(one.status, 200u);
    EXPECT_EQ(one.bytes_received, Hello("one").size() + to_head.size() + Hello("three").size());
    EXPECT_EQ(one.bytes_sent, requests[0].size() + requests[1].size() + requests[2].size());
  }
}

TEST_F(Http1ScriptTest, TellsOfTheFirstOfSeveralThatFailed) {
  RawServer server({{Hello("one")},
                    {"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"},
                    {"HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone"},
                    {Hello("one")},
                    {Hello("")},
                    {Hello("three")}});
  const std::string text =
      "local all = wrk.format(nil, '/1', {Host = 'h'}):rep(3) function request() return all end";
  const std::vector<Seen> seen = Send(server, text, 2);
  EXPECT_EQ(seen[0].status, 503u);
  EXPECT_EQ(seen[1].status, 200u);
}

TEST_F(Http1ScriptTest, IsIncompleteWhereAnAnswerOfSeveralIsMissing) {
  RawServer server({{Hello("one"), Then::kClose}, {Hello("one")}});
  const std::vector<Seen> seen = Send(server, kThree, 1);
  EXPECT_EQ(seen[0].kind, v1::FAILURE_KIND_INCOMPLETE);
  EXPECT_EQ(seen[0].bytes_received, Hello("one").size());
  EXPECT_FALSE(seen[0].resent);
}

TEST_F(Http1ScriptTest, ResendsWhatIsIdempotentAsAWhole) {
  const std::string two =
      "function request() return wrk.format('GET', '/', {Host = 'h'}) .. wrk.format(METHOD, '/', "
      "{Host = 'h'}, 'x') end ";
  const RawScript answers = {{Hello("a")}, {Hello("b")}, kClosed, {Hello("c")}, {Hello("d")}};
  {
    RawServer server(answers);
    const std::vector<Seen> seen = Send(server, "METHOD = 'PUT' " + two, 2);
    EXPECT_TRUE(seen[1].resent);
    EXPECT_EQ(seen[1].status, 200u);
    EXPECT_EQ(server.connections(), 2u);
  }
  RawServer server(answers);
  const std::vector<Seen> seen = Send(server, "METHOD = 'POST' " + two, 2);
  EXPECT_FALSE(seen[1].resent);
  EXPECT_EQ(seen[1].kind, v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE);
}

TEST_F(Http1ScriptTest, HandsOverEachAnswerAsItIs) {
  const std::string chunked =
      "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
      "HTTP/1.1 404 No\r\nX-Id:  7 \r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Late: 1\r\n\r\n";
  RawServer server({{chunked, Then::kKeepOpen, 0, "", true}, {Hello("same")}});
  const std::string text =
      "local seen = '' "
      "function request() return wrk.format(nil, '/' .. seen) end "
      "function response(status, headers, body) "
      "  seen = seen .. status .. (headers['X-Id'] or '-') .. (headers['X-Early'] or '-') .. "
      "  (headers['X-Late'] or '-') .. body end";
  Send(server, text, 4);
  std::vector<std::string> paths;
  for (const std::string& request : server.requests()) {
    paths.push_back(request.substr(0, request.find(" HTTP")));
  }
  EXPECT_THAT(paths, ElementsAre("GET /", "GET /4047--hello", "GET /4047--hello200---same",
                                 "GET /4047--hello200---same200---same"));
}

TEST_F(Http1ScriptTest, AnErrorWithAnAnswerIsThatRequestsFailure) {
  RawServer server(
      {{Hello("a")}, {Hello("b")}, {"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"}, {Hello("d")}});
  const std::vector<Seen> seen = Send(server,
                                      "function response(status, headers, body)\n"
                                      "  if body ~= 'd' and body ~= 'a' then error('bad') end\n"
                                      "end",
                                      4);
  EXPECT_EQ(seen[0].judged, std::nullopt);
  EXPECT_EQ(seen[1].judged, v1::FAILURE_KIND_SCRIPT_RESPONSE);
  EXPECT_EQ(seen[1].status, 200u);
  EXPECT_THAT(seen[1].detail, HasSubstr("test.lua:2: bad"));
  EXPECT_EQ(seen[2].status, 500u) << "what was a failure already stays what it was";
  EXPECT_EQ(seen[2].judged, std::nullopt);
  EXPECT_EQ(seen[3].judged, std::nullopt);
}

TEST_F(Http1ScriptTest, SendsNothingWhereThereIsNoRequest) {
  RawServer server({{Hello("a")}});
  const std::vector<Seen> seen = Send(server,
                                      "function request(n)\n"
                                      "  if n == 1 then error('no more') end\n"
                                      "  if n == 2 then return 'GET' end\n"
                                      "  return wrk.format()\n"
                                      "end",
                                      4);
  EXPECT_EQ(seen[1].kind, v1::FAILURE_KIND_SCRIPT);
  EXPECT_THAT(seen[1].detail, HasSubstr("test.lua:2: no more"));
  EXPECT_EQ(seen[2].kind, v1::FAILURE_KIND_SCRIPT);
  EXPECT_THAT(seen[2].detail, HasSubstr("no request of HTTP/1.1"));
  EXPECT_EQ(seen[2].bytes_sent, 0u);
  EXPECT_EQ(seen[3].status, 200u);
  EXPECT_EQ(server.requests().size(), 2u);
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(Http1ScriptTest, SendsALongBodyOnce) {
  RawServer server({{Hello("a")}});
  const std::string text =
      "wrk.method = 'POST' wrk.body = ('x'):rep(200000) wrk.headers.Host = 'h'";
  const std::vector<Seen> seen = Send(server, text, 2);
  const std::vector<std::string> requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].size(), requests[1].find("\r\n\r\n") + 4 + 200'000);
  EXPECT_EQ(requests[0], requests[1]);
  EXPECT_EQ(seen[0].bytes_sent, requests[0].size());
}

TEST_F(Http1ScriptTest, AnOwnersRateAllowsOneRequestInAText) {
  Policy::Limits limits;
  limits.rate_nano = {1'000'000'000'000, "agent.yaml:1"};
  network.policy = Policy({}, limits);
  RawServer server({{Hello("a")}});
  const std::vector<Seen> seen = Send(server, kThree, 1);
  EXPECT_EQ(seen[0].kind, v1::FAILURE_KIND_SCRIPT);
  EXPECT_THAT(seen[0].detail, HasSubstr("several requests in one text"));
  EXPECT_THAT(server.requests(), IsEmpty());
  const std::vector<Seen> alone = Send(server, "", 1);
  EXPECT_EQ(alone[0].status, 200u);
}

}  // namespace
}  // namespace squall::testing
