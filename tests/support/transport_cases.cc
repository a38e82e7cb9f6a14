#include "tests/support/transport_cases.h"

#include <algorithm>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/metrics.h"

namespace squall::testing {
namespace {

using Then = RawAnswer::Then;

const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const std::string kChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kRedirect = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";

PlanChange Method(const std::string& method) {
  return [method](v1::Plan& plan) { plan.mutable_request()->set_method(method); };
}

PlanChange Body(const std::string& method, const CaseBody& body) {
  return [method, body](v1::Plan& plan) {
    plan.mutable_request()->set_method(method);
    plan.mutable_request()->set_body(body.text());
  };
}

PlanChange HeaderOf(const std::string& name, const std::string& value) {
  return [name, value](v1::Plan& plan) {
    v1::Header* header = plan.mutable_request()->add_headers();
    header->set_name(name);
    header->set_value(value);
  };
}

PlanChange Both(const PlanChange& first, const PlanChange& second) {
  return [first, second](v1::Plan& plan) {
    first(plan);
    second(plan);
  };
}

void Follow(v1::Plan& plan) { plan.mutable_transport()->set_follow(true); }
void NoKeepalive(v1::Plan& plan) { plan.mutable_transport()->set_no_keepalive(true); }
void Tagged(v1::Plan& plan) { plan.mutable_request()->set_tag(true); }
void Impatient(v1::Plan& plan) { plan.mutable_transport()->set_timeout_ns(300 * kMillisecond); }

std::vector<ResponseCase> MakeResponseCases() {
  const std::string error_body(1000, 'x');
  const std::string error_head = "HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n";
  const std::string continued = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string trailer = "Checksum: 1\r\n";
  const std::string to_ftp =
      "HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/\r\nContent-Length: 0\r\n\r\n";
  const std::string too_large =
      "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  const std::string closing = "HTTP/1.1 200 OK\r\n\r\n";
  const std::string unknown_name = "http://no-such-host.invalid/";
  const std::string nobody = fmt::format("http://127.0.0.1:{}/", ClosedPort());
  const v1::FailureKind none = v1::FAILURE_KIND_NONE;
  const v1::FailureKind closed = v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE;
  const v1::FailureKind incomplete = v1::FAILURE_KIND_INCOMPLETE;
  const v1::FailureKind invalid = v1::FAILURE_KIND_INVALID_RESPONSE;
  return {
      {"ContentLength", {{kHello}}, {}, none, 200, kHello.size()},
      {"Chunked",
       {{kChunkedHead + "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"}},
       {},
       none,
       200,
       kChunkedHead.size() + 11},
      {"UntilClose", {{closing + "hello", Then::kClose}}, {}, none, 200, closing.size() + 5},
      {"Http10", {{"HTTP/1.0 200 OK\r\n\r\nhello", Then::kClose}}, {}, none, 200, 24},
      {"InPieces",
       {{"HTTP/1.1 200 OK\r\nContent-Len", Then::kKeepOpen, 30 * kMillisecond,
         "gth: 5\r\n\r\nhello"}},
       {},
       none,
       200,
       kHello.size()},
      {"ByteByByte", {{.bytes = kHello, .byte_by_byte = true}}, {}, none, 200, kHello.size()},
      {"ByteByByteChunked",
       {{.bytes = continued + kChunkedHead + "5\r\nhello\r\n0\r\n" + trailer + "\r\n",
         .byte_by_byte = true}},
       {},
       none,
       200,
       continued.size() + kChunkedHead.size() + 5 + trailer.size()},
      {"Early",
       {{.bytes = too_large, .early = true}},
       Body("PUT", CaseBody(8 << 20)),
       none,
       413,
       too_large.size()},
      {"PieceEndsBehindTheLastChunk",
       {{kChunkedHead + "5\r\nhello\r\n0\r\n", Then::kKeepOpen, 30 * kMillisecond, "\r\n"}},
       {},
       none,
       200,
       kChunkedHead.size() + 5},
      {"PieceEndsBehindTheHeader",
       {{kChunkedHead, Then::kKeepOpen, 30 * kMillisecond, "5\r\nhello\r\n0\r\n\r\n"}},
       {},
       none,
       200,
       kChunkedHead.size() + 5},
      {"PieceEndsBehindContinue",
       {{continued, Then::kKeepOpen, 30 * kMillisecond, kHello}},
       {},
       none,
       200,
       continued.size() + kHello.size()},
      {"Head", {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}}, Method("HEAD"), none, 200, 38},
      {"NoContent", {{"HTTP/1.1 204 No Content\r\n\r\n"}}, {}, none, 204, 27},
      {"NotModified",
       {{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"}},
       {},
       none,
       304,
       48},
      {"ContinueFirst", {{continued + kHello}}, {}, none, 200, continued.size() + kHello.size()},
      {"Trailers",
       {{kChunkedHead + "5\r\nhello\r\n0\r\n" + trailer + "\r\n"}},
       {},
       none,
       200,
       kChunkedHead.size() + 5 + trailer.size()},
      {"RedirectLeftAlone", {{kRedirect}}, {}, none, 302, kRedirect.size()},
      {"RedirectFollowed",
       {{kRedirect}, {kHello}},
       Follow,
       none,
       200,
       kRedirect.size() + kHello.size()},
      {"RedirectKeepsBody",
       {{"HTTP/1.1 307 Again\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"}, {kHello}},
       Both(Body("POST", "a=1"), Follow),
       none,
       200},
      {"TooManyRedirects",
       {{kRedirect}},
       Follow,
       v1::FAILURE_KIND_REDIRECTS,
       0,
       11 * kRedirect.size()},
      {"RedirectToFtp", {{to_ftp}}, Follow, v1::FAILURE_KIND_REDIRECTS, 0, to_ftp.size()},
      {"RedirectClosed", {{kRedirect}, {"", Then::kClose}}, Follow, closed, 0, kRedirect.size()},
      {"NotFound",
       {{error_head + error_body}},
       {},
       none,
       404,
       error_head.size() + error_body.size(),
       error_body.substr(0, Metrics::kMaxDetailBytes)},
      {"ServerError",
       {{"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nhelp"}},
       {},
       none,
       500,
       44,
       "help"},
      {"ClosedAtOnce", {}, {}, closed, 0, 0},
      {"ClosedBeforeResponse", {{"", Then::kClose}}, {}, closed, 0, 0},
      {"ResetBeforeResponse", {{"", Then::kReset}}, {}, closed, 0, 0},
      {"HalfHeader", {{"HTTP/1.1 200 OK\r\nContent-Len", Then::kClose}}, {}, incomplete},
      {"ResetInHeader",
       {{"HTTP/1.1 200 OK\r\nContent-Len", Then::kReset, 50 * kMillisecond}},
       {},
       incomplete},
      {"ContinueThenClosed", {{continued, Then::kClose}}, {}, incomplete, 0, continued.size()},
      {"HalfBody",
       {{kHello.substr(0, kHello.size() - 2), Then::kClose}},
       {},
       incomplete,
       0,
       kHello.size() - 2},
      {"ResetInBody",
       {{kHello.substr(0, kHello.size() - 2), Then::kReset, 50 * kMillisecond}},
       {},
       incomplete,
       0,
       kHello.size() - 2},
      {"HalfChunk",
       {{kChunkedHead + "5\r\nhello\r\n5\r\nwo", Then::kClose}},
       {},
       incomplete,
       0,
       kChunkedHead.size() + 7},
      {"NoLastChunk",
       {{kChunkedHead + "5\r\nhello\r\n", Then::kClose}},
       {},
       incomplete,
       0,
       kChunkedHead.size() + 5},
      {"BadChunk", {{kChunkedHead + "xyz\r\nhello\r\n", Then::kClose}}, {}, invalid},
      {"Rubbish", {{"Who is there?\r\n\r\n", Then::kClose}}, {}, invalid},
      {"RubbishKeptOpen", {{"0123456789 0123456789\r\n"}}, {}, invalid},
      {"HeaderLineTooLong",
       {{"HTTP/1.1 200 OK\r\nLong: " + std::string(300'000, 'a') + "\r\n\r\n", Then::kClose}},
       {},
       invalid},
      {"TooManyHeaders",
       {{"HTTP/1.1 200 OK\r\n" +
             [] {
               std::string lines;
               for (int line = 0; line < 5000; ++line)
                 lines += fmt::format("X-{}: {:060}\r\n", line, 0);
               return lines;
             }() +
             "\r\n",
         Then::kClose}},
       {},
       invalid},
      {"Silence", {{"", Then::kSilence}}, Impatient, v1::FAILURE_KIND_TIMEOUT, 0, 0},
      {"SilenceInBody",
       {{kHello.substr(0, kHello.size() - 2), Then::kSilence}},
       Impatient,
       v1::FAILURE_KIND_TIMEOUT,
       0,
       kHello.size() - 2},
      {"Refused", {}, {}, v1::FAILURE_KIND_REFUSED, 0, 0, "", nobody},
      {"UnknownName", {}, {}, v1::FAILURE_KIND_RESOLVE, 0, 0, "", unknown_name},
  };
}

std::vector<RequestCase> MakeRequestCases() {
  const std::string host = "Host: $HOST";
  const std::string agent = "User-Agent: squall/0.1.0";
  const std::string accept = "Accept: */*";
  const std::string run = fmt::format("Squall-Run: {}", kTestRun);
  const std::string form = "Content-Type: application/x-www-form-urlencoded";
  return {
      {"Get", {}, "GET /a/../b?c=d HTTP/1.1", {host, agent, accept}},
      {"Head", Method("HEAD"), "HEAD /a/../b?c=d HTTP/1.1", {host, agent, accept}},
      {"Delete", Method("DELETE"), "DELETE /a/../b?c=d HTTP/1.1", {host, agent, accept}},
      {"Post",
       Body("POST", "a=1"),
       "POST /a/../b?c=d HTTP/1.1",
       {host, agent, accept, form, "Content-Length: 3"},
       "a=1"},
      {"Put",
       Body("PUT", "a=1"),
       "PUT /a/../b?c=d HTTP/1.1",
       {host, agent, accept, form, "Content-Length: 3"},
       "a=1"},
      {"GetWithBody",
       Body("GET", std::string("a\0b", 3)),
       "GET /a/../b?c=d HTTP/1.1",
       {host, agent, accept, form, "Content-Length: 3"},
       std::string("a\0b", 3)},
      {"PostWithoutBody",
       Method("POST"),
       "POST /a/../b?c=d HTTP/1.1",
       {host, agent, accept, "Content-Length: 0"}},
      {"BigPostWithoutExpect",
       Body("POST", CaseBody(3'000'000)),
       "POST /a/../b?c=d HTTP/1.1",
       {host, agent, accept, form, "Content-Length: 3000000"},
       CaseBody(3'000'000)},
      {"UserAgent",
       HeaderOf("user-agent", "me"),
       "GET /a/../b?c=d HTTP/1.1",
       {host, "user-agent: me", accept}},
      {"UserHost",
       HeaderOf("Host", "example.org"),
       "GET /a/../b?c=d HTTP/1.1",
       {"Host: example.org", agent, accept}},
      {"UserAccept",
       HeaderOf("Accept", "text/html"),
       "GET /a/../b?c=d HTTP/1.1",
       {host, agent, "Accept: text/html"}},
      {"UserContentType",
       Both(Body("POST", "{}"), HeaderOf("Content-Type", "application/json")),
       "POST /a/../b?c=d HTTP/1.1",
       {host, agent, accept, "Content-Type: application/json", "Content-Length: 2"},
       "{}"},
      {"UserHeaderTwiceAndEmpty",
       Both(HeaderOf("X-A", "1"), Both(HeaderOf("X-A", "2"), HeaderOf("X-B", ""))),
       "GET /a/../b?c=d HTTP/1.1",
       {host, agent, accept, "X-A: 1", "X-A: 2", "X-B:"}},
      {"Tagged",
       Tagged,
       "GET /a/../b?c=d HTTP/1.1",
       {host, agent, accept, run, "Squall-Request: 0"}},
      {"TaggedWithHeadersAndBody",
       Both(Tagged, Both(Body("PUT", "a=1"), HeaderOf("X-A", "1"))),
       "PUT /a/../b?c=d HTTP/1.1",
       {host, agent, accept, "X-A: 1", form, "Content-Length: 3", run, "Squall-Request: 0"},
       "a=1"},
      {"TaggedWithALongBody",
       Both(Tagged, Body("POST", CaseBody(300'000))),
       "POST /a/../b?c=d HTTP/1.1",
       {host, agent, accept, form, "Content-Length: 300000", run, "Squall-Request: 0"},
       CaseBody(300'000)},
      {"NoKeepalive",
       NoKeepalive,
       "GET /a/../b?c=d HTTP/1.1",
       {host, agent, accept, "Connection: close"}},
  };
}

v1::Plan Changed(const PlanChange& change) {
  v1::Plan plan = SimplePlan();
  if (change) change(plan);
  return plan;
}

}  // namespace

const std::vector<ResponseCase>& ResponseCases() {
  static const std::vector<ResponseCase> cases = MakeResponseCases();
  return cases;
}

const std::vector<RequestCase>& RequestCases() {
  static const std::vector<RequestCase> cases = MakeRequestCases();
  return cases;
}

void RunResponseCase(const ResponseCase& test, TransportFactory factory) {
  RawServer server(test.script);
  const std::string url = test.url.empty() ? server.Url() : test.url;
  const v1::Plan plan = Changed(test.change);
  const Nanos began = SteadyNow();
  const Seen seen = SendOne(factory, plan, url);

  EXPECT_EQ(v1::FailureKind_Name(seen.kind), v1::FailureKind_Name(test.kind)) << seen.detail;
  EXPECT_EQ(seen.status, test.status);
  if (test.bytes_received) {
    EXPECT_EQ(seen.bytes_received, *test.bytes_received);
  }
  if (test.kind == v1::FAILURE_KIND_NONE) {
    EXPECT_EQ(seen.detail, test.body);
  } else {
    EXPECT_NE(seen.detail, "");
    EXPECT_LE(seen.detail.size(), Metrics::kMaxDetailBytes);
  }
  EXPECT_GE(seen.end, seen.start);
  EXPECT_LE(seen.end, SteadyNow());
  if (test.kind == v1::FAILURE_KIND_TIMEOUT) {
    EXPECT_GE(seen.end - seen.start, plan.transport().timeout_ns());
  }
  EXPECT_LT(SteadyNow() - began, 5 * kSecond);

  uint64_t asked = 0;
  for (const std::string& request : server.requests()) asked += request.size();
  if (!test.script.empty()) {
    EXPECT_GE(seen.bytes_sent, asked);
    // The server looks at nothing that comes after an early answer.
    EXPECT_TRUE(seen.bytes_sent == asked || test.script.front().early);
  }
  // A connection that was opened for nothing may be accepted late.
  const Nanos deadline = SteadyNow() + 5 * kSecond;
  while (server.connections() < seen.connections && SteadyNow() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(seen.connections, server.connections());
}

void RunRequestCase(const RequestCase& test, TransportFactory factory) {
  RawServer server({{"HTTP/1.1 204 No Content\r\n\r\n"}});
  const Seen seen = SendOne(factory, Changed(test.change), server.Url("/a/../b?c=d"));
  EXPECT_EQ(seen.status, 204u) << seen.detail;

  const std::vector<std::string> requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  const size_t head = requests[0].find("\r\n\r\n");
  std::vector<std::string> lines = absl::StrSplit(requests[0].substr(0, head), "\r\n");
  EXPECT_EQ(lines[0], test.request_line);
  lines.erase(lines.begin());
  std::vector<std::string> expected = test.headers;
  for (std::string& line : expected) {
    line = absl::StrReplaceAll(line, {{"$HOST", fmt::format("127.0.0.1:{}", server.port())}});
  }
  EXPECT_THAT(lines, ::testing::UnorderedElementsAreArray(expected));
  EXPECT_TRUE(requests[0].substr(head + 4) == test.body.text());
  EXPECT_EQ(seen.bytes_sent, requests[0].size());
}

}  // namespace squall::testing
