#include "tests/support/transport_resend_cases.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall::testing {
namespace {

using Then = RawAnswer::Then;
using Result = ResendCase::Result;

const RawAnswer kAnswer = {"HTTP/1.1 204 No Content\r\n\r\n"};  // fits every method
const RawAnswer kClosed = {"", Then::kClose};
const RawAnswer kReset = {"", Then::kReset};
const RawAnswer kHalf = {"HTTP/1.1 200 OK\r\nContent-Len", Then::kClose};

constexpr Result kFresh = {.connections = 1};
constexpr Result kReused = {};
constexpr Result kResent = {.resent = true, .connections = 1};
constexpr Result kClosedOnReused = {v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE, false, std::nullopt};
constexpr Result kClosedOnFresh = {v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE, false, 1};
constexpr Result kAnswered = {.connections = std::nullopt};
constexpr Result kResentInVain = {v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE, true, 1};

template <typename Item>
std::vector<Item> FirstThenRepeated(const Item& first, const std::vector<Item>& repeated,
                                    int times) {
  std::vector<Item> all = {first};
  for (int i = 0; i < times; ++i) all.insert(all.end(), repeated.begin(), repeated.end());
  return all;
}

std::vector<ResendCase> MakeResendCases() {
  std::vector<ResendCase> cases;
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
    cases.push_back({std::string(method) + "IsResent",
                     method,
                     "",
                     {kAnswer, kClosed, kAnswer},
                     {kFresh, kResent, kReused},
                     4});
  }
  for (const char* method : {"POST", "PATCH", "LOCK"}) {
    cases.push_back({std::string(method) + "IsNot",
                     method,
                     "",
                     {kAnswer, kClosed, kAnswer},
                     {kFresh, kClosedOnReused, kAnswered},
                     3});
  }
  cases.push_back(
      {"WithItsBody", "PUT", "a=1", {kAnswer, kClosed, kAnswer}, {kFresh, kResent, kReused}, 4});
  cases.push_back(
      {"AfterAReset", "GET", "", {kAnswer, kReset, kAnswer}, {kFresh, kResent, kReused}, 4});
  cases.push_back({"NotOnAFreshConnection",
                   "GET",
                   "",
                   {kClosed, kReset, kAnswer},
                   {kClosedOnFresh, kClosedOnFresh, kFresh},
                   3});
  cases.push_back({"NotAfterTheFirstByte",
                   "GET",
                   "",
                   {kAnswer, kHalf, kAnswer},
                   {kFresh, {.kind = v1::FAILURE_KIND_INCOMPLETE}, kFresh},
                   3});
  cases.push_back({"OnceOnly",
                   "GET",
                   "",
                   {kAnswer, kClosed, kClosed, kAnswer},
                   {kFresh, kResentInVain, kFresh},
                   4});
  // libcurl has limits of its own, beyond which it behaves in other ways.
  cases.push_back({"HoweverOftenConnectionsClose", "GET", "",
                   FirstThenRepeated<RawAnswer>(kAnswer, {kReset, kAnswer}, 20),
                   FirstThenRepeated<Result>(kFresh, {kResent}, 20), 41});
  cases.push_back({"NeverHoweverOftenConnectionsClose", "POST", "",
                   FirstThenRepeated<RawAnswer>(kAnswer, {kReset, kAnswer}, 20),
                   FirstThenRepeated<Result>(kFresh, {kClosedOnReused, kAnswered}, 20), 41});
  return cases;
}

}  // namespace

const std::vector<ResendCase>& ResendCases() {
  static const std::vector<ResendCase> cases = MakeResendCases();
  return cases;
}

void RunResendCase(const ResendCase& test, TransportFactory factory) {
  RawServer server(test.script);
  v1::Plan plan = SimplePlan();
  plan.mutable_request()->set_method(test.method);
  if (!test.body.empty()) plan.mutable_request()->set_body(test.body);
  const auto seen =
      SendAll(factory, plan, 1, std::vector<std::string>(test.results.size(), server.Url()));
  ASSERT_EQ(seen.size(), test.results.size());
  uint64_t bytes_sent = 0;
  for (size_t i = 0; i < seen.size(); ++i) {
    SCOPED_TRACE(i);
    const Result& expected = test.results[i];
    EXPECT_EQ(v1::FailureKind_Name(seen[i].kind), v1::FailureKind_Name(expected.kind))
        << seen[i].detail;
    EXPECT_EQ(seen[i].resent, expected.resent);
    if (expected.connections) {
      EXPECT_EQ(seen[i].connections, *expected.connections);
    }
    bytes_sent += seen[i].bytes_sent;
  }
  const std::vector<std::string> requests = server.requests();
  EXPECT_EQ(requests.size(), test.requests);
  EXPECT_THAT(requests, ::testing::Each(requests[0]));
  EXPECT_THAT(requests[0], ::testing::EndsWith("\r\n\r\n" + test.body));
  EXPECT_EQ(bytes_sent, requests.size() * requests[0].size()) << "both sendings count";
}

void RunResendBesideStaleConnections(TransportFactory factory) {
  constexpr uint32_t kSlots = 5;
  const RawAnswer slow = {"", Then::kKeepOpen, 300 * kMillisecond, kAnswer.bytes};
  RawScript closing(kSlots, slow);  // all at once, so that each has a connection of its own
  closing.insert(closing.end(), {kClosed, kAnswer});
  RawServer server(closing);
  RawServer other({slow});
  // While all slots but one are with the other server, there are kSlots free connections to this.
  std::vector<std::string> urls(kSlots, server.Url());
  urls.insert(urls.end(), kSlots - 1, other.Url());
  urls.push_back(server.Url());
  const auto seen = SendAll(factory, SimplePlan(), kSlots, urls);
  ASSERT_EQ(seen.size(), urls.size());
  for (const Seen& one : seen) EXPECT_EQ(one.status, 204u) << one.detail;
  EXPECT_EQ(std::count_if(seen.begin(), seen.end(), [](const Seen& one) { return one.resent; }), 1);
  EXPECT_EQ(server.requests().size(), kSlots + 2);
  EXPECT_EQ(server.connections(), kSlots + 1) << "the second sending has a fresh connection";
}

void RunResendWithinTimeout(TransportFactory factory) {
  const RawAnswer closed_late = {"", Then::kClose, 700 * kMillisecond};
  RawServer server({kAnswer, closed_late, {"", Then::kSilence}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_timeout_ns(kSecond);
  const auto seen = SendAll(factory, plan, 1, {server.Url(), server.Url()});
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(v1::FailureKind_Name(seen[1].kind), "FAILURE_KIND_TIMEOUT") << seen[1].detail;
  EXPECT_TRUE(seen[1].resent);
  EXPECT_GE(seen[1].end - seen[1].start, kSecond);
  EXPECT_LT(seen[1].end - seen[1].start, 1500 * kMillisecond);
}

}  // namespace squall::testing
