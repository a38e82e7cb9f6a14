// What every transport does alike, beside what its tables of cases hold.
#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/curl_transport.h"
#include "agent/http1_transport.h"
#include "tests/support/raw_server.h"
#include "tests/support/transport_resend_cases.h"
#include "tests/support/transport_runner.h"
#include "tests/support/transport_timings.h"

namespace squall::testing {
namespace {

const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

struct Kind {
  std::string name;
  TransportFactory factory;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class Transports : public ::testing::TestWithParam<Kind> {
 protected:
  static TransportFactory Factory() { return GetParam().factory; }
};
INSTANTIATE_TEST_SUITE_P(All, Transports,
                         ::testing::Values(Kind{"Curl", &MakeCurlTransport},
                                           Kind{"Http1", &MakeHttp1Transport}),
                         [](const auto& test) { return test.param.name; });

uint32_t Connections(const std::vector<Seen>& all) {
  uint32_t sum = 0;
  for (const Seen& seen : all) sum += seen.connections;
  return sum;
}

size_t Answered(const std::vector<Seen>& all) {
  return static_cast<size_t>(std::count_if(
      all.begin(), all.end(), [](const Seen& seen) { return seen.kind == v1::FAILURE_KIND_NONE; }));
}

TEST_P(Transports, OpenOneConnectionForEachSlot) {
  RawServer server({{kHello}});
  const auto seen =
      SendAll(Factory(), SimplePlan(), 7, std::vector<std::string>(1000, server.Url()));
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(Answered(seen), 1000u);
  EXPECT_EQ(server.requests().size(), 1000u);
  EXPECT_EQ(server.connections(), 7u);
  EXPECT_EQ(Connections(seen), 7u);
}

TEST_P(Transports, KeepConnectionsToSeveralHosts) {
  std::vector<std::unique_ptr<RawServer>> servers;
  for (int host = 0; host < 5; ++host) {
    servers.push_back(std::make_unique<RawServer>(RawScript{{kHello}}));
  }
  std::vector<std::string> urls;
  for (size_t n = 0; n < 500; ++n) urls.push_back(servers[n % servers.size()]->Url());
  const auto seen = SendAll(Factory(), SimplePlan(), 1, urls);
  EXPECT_EQ(Answered(seen), 500u);
  for (const auto& server : servers) EXPECT_EQ(server->connections(), 1u);
}

TEST_P(Transports, OpenAConnectionForEachRequestWithoutKeepalive) {
  RawServer server({{kHello}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_no_keepalive(true);
  const auto seen = SendAll(Factory(), plan, 3, std::vector<std::string>(50, server.Url()));
  EXPECT_EQ(Answered(seen), 50u);
  EXPECT_EQ(server.connections(), 50u);
  EXPECT_EQ(Connections(seen), 50u);
}

TEST_P(Transports, ResendOnAFreshConnectionBesideStaleOnes) {
  RunResendBesideStaleConnections(Factory());
}

TEST_P(Transports, ResendWithinTheTimeout) { RunResendWithinTimeout(Factory()); }

TEST_P(Transports, TellTheParts) { RunTimingsOfParts(Factory()); }

TEST_P(Transports, TellNoPartsOfWhatWasResent) { RunTimingsOfResent(Factory()); }

TEST_P(Transports, ForgetWhatTheRequestBeforeLeft) {
  RawServer server({{"HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone"},
                    {"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"},
                    {"rubbish\r\n", RawAnswer::Then::kClose},
                    {kHello}});
  const auto seen = SendAll(Factory(), SimplePlan(), 1, std::vector<std::string>(4, server.Url()));
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].detail, "gone");
  EXPECT_EQ(seen[1].detail, "");
  EXPECT_EQ(seen[2].status, 0u);
  EXPECT_EQ(seen[3].status, 200u);
  EXPECT_EQ(seen[3].detail, "");
  EXPECT_EQ(seen[3].bytes_received, kHello.size());
}

// The numbers that requests say they have, in their order.
std::vector<std::string> NumbersOf(const RawServer& server) {
  std::vector<std::string> numbers;
  for (const std::string& request : server.requests()) {
    const std::string name = "\r\nSquall-Request: ";
    const size_t begin = request.find(name) + name.size();
    numbers.push_back(request.substr(begin, request.find("\r\n", begin) - begin));
  }
  return numbers;
}

TEST_P(Transports, TagEachRequestWithItsNumber) {
  RawServer server({{kHello}});
  v1::Plan plan = SimplePlan();
  plan.mutable_request()->set_tag(true);
  const auto seen = SendAll(Factory(), plan, 1, std::vector<std::string>(12, server.Url()));
  EXPECT_EQ(Answered(seen), 12u);
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_THAT(NumbersOf(server),
              ::testing::ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"));
}

TEST_P(Transports, TagWhatIsResentAsBefore) {
  RawServer server({{kHello}, {"", RawAnswer::Then::kClose}, {kHello}});
  v1::Plan plan = SimplePlan();
  plan.mutable_request()->set_tag(true);
  const auto seen = SendAll(Factory(), plan, 1, std::vector<std::string>(3, server.Url()));
  EXPECT_EQ(Answered(seen), 3u);
  EXPECT_THAT(NumbersOf(server), ::testing::ElementsAre("0", "1", "1", "2"));
}

TEST_P(Transports, CutOffWhatIsInFlight) {
  RawServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", RawAnswer::Then::kSilence}});
  const auto seen =
      SendAll(Factory(), SimplePlan(), 3, std::vector<std::string>(3, server.Url()), kSecond);
  ASSERT_EQ(seen.size(), 3u);
  for (const Seen& one : seen) {
    EXPECT_EQ(one.kind, v1::FAILURE_KIND_CUT_OFF);
    EXPECT_EQ(one.bytes_received, 40u);
    EXPECT_EQ(one.connections, 1u);
    EXPECT_GE(one.end - one.start, 500 * kMillisecond);
  }
}

}  // namespace
}  // namespace squall::testing
