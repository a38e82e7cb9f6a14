// Names and addresses, as every transport must deal with them.

#include <map>
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
using Counts = std::map<std::string, uint32_t>;

const RawScript kHello = {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}};

struct Kind {
  std::string name;
  TransportFactory factory;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class TransportAddresses : public ::testing::TestWithParam<Kind> {
 protected:
  Trip Send(const v1::Plan& plan, uint32_t slots, size_t requests, const std::string& url,
            Nanos cut_off_after = kForever) {
    return SendOver(network_, GetParam().factory, plan, slots,
                    std::vector<std::string>(requests, url), cut_off_after);
  }

  // Of a server in this process, by another name. It listens at 127.0.0.1 alone.
  static std::string UrlOf(const RawServer& server) {
    return fmt::format("http://api.example:{}/", server.port());
  }
  static std::string At(const std::string& host, const RawServer& server) {
    return fmt::format("{}:{}", host, server.port());
  }

  FakeNames names_;
  Network network_{names_.lookup(), names_.clock()};
};
INSTANTIATE_TEST_SUITE_P(All, TransportAddresses,
                         ::testing::Values(Kind{"Curl", &MakeCurlTransport},
                                           Kind{"Http1", &MakeHttp1Transport}),
                         [](const auto& test) { return test.param.name; });

TEST_P(TransportAddresses, ANameIsLookedUpOnce) {
  names_.Set("api.example", {"127.0.0.1"});
  RawServer server(kHello);
  const Trip trip = Send(SimplePlan(), 3, 50, UrlOf(server));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::status, 200u)));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::address, At("127.0.0.1", server))));
  EXPECT_EQ(trip.tried, (Counts{{At("127.0.0.1", server), 3}}));
  EXPECT_EQ(names_.asked().size(), 1u);
  EXPECT_THAT(server.requests(), Each(HasSubstr("Host: " + At("api.example", server))));
}

TEST_P(TransportAddresses, WhatCannotBeConnectedToIsLeftForTheNext) {
  names_.Set("api.example", {"127.0.0.1", "127.0.0.2", "127.0.0.3"});
  RawServer server(kHello);
  const Trip trip = Send(SimplePlan(), 3, 50, UrlOf(server));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::status, 200u)));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::address, At("127.0.0.1", server))));
  EXPECT_EQ(server.connections(), 3u);
  EXPECT_EQ(trip.tried.size(), 3u);
}

TEST_P(TransportAddresses, WhatHasFailedIsNotTriedAgainSoon) {
  names_.Set("api.example", {"127.0.0.1", "127.0.0.2"});
  RawServer server(kHello);
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_no_keepalive(true);
  const Trip trip = Send(plan, 1, 20, UrlOf(server));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::status, 200u)));
  EXPECT_EQ(trip.tried, (Counts{{At("127.0.0.1", server), 20}, {At("127.0.0.2", server), 1}}))
      << "the clock stands: what has failed once is passed over";
}

TEST_P(TransportAddresses, EachIsTriedOnceForARequest) {
  names_.Set("api.example", {"127.0.0.1", "127.0.0.2"});
  const uint16_t port = ClosedPort();
  const Trip trip = Send(SimplePlan(), 1, 3, fmt::format("http://api.example:{}/", port));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::kind, v1::FAILURE_KIND_REFUSED)));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::address, "")));
  EXPECT_EQ(trip.tried, (Counts{{fmt::format("127.0.0.1:{}", port), 3},
                                {fmt::format("127.0.0.2:{}", port), 3}}));
}

TEST_P(TransportAddresses, ANameWithoutAddresses) {
  const Trip trip = Send(SimplePlan(), 2, 20, "http://typo.example/");
  EXPECT_EQ(trip.seen.size(), 20u);
  EXPECT_THAT(trip.seen, Each(Field(&Seen::kind, v1::FAILURE_KIND_RESOLVE)));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::detail, "typo.example: not known")));
  EXPECT_EQ(names_.asked().size(), 1u) << "not once a request";
}

TEST_P(TransportAddresses, ALookupCountsIntoTheTimeout) {
  names_.Hold();
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_timeout_ns(100 * kMillisecond);
  const Trip trip = Send(plan, 2, 4, "http://slow.example/");
  names_.Release();
  EXPECT_EQ(trip.seen.size(), 4u);
  EXPECT_THAT(trip.seen, Each(Field(&Seen::kind, v1::FAILURE_KIND_TIMEOUT)));
}

TEST_P(TransportAddresses, WhatWaitsForALookupIsCutOff) {
  names_.Hold();
  const Trip trip = Send(SimplePlan(), 3, 3, "http://slow.example/", 100 * kMillisecond);
  names_.Release();
  EXPECT_EQ(trip.seen.size(), 3u);
  EXPECT_THAT(trip.seen, Each(Field(&Seen::kind, v1::FAILURE_KIND_CUT_OFF)));
}

TEST_P(TransportAddresses, DiversionsLeaveTheRequestAsItIs) {
  RawServer server(kHello);
  v1::Plan plan = SimplePlan();
  v1::Diversion& diversion = *plan.mutable_transport()->add_diversions();
  diversion.set_to_host("127.0.0.1");
  diversion.set_to_port(server.port());
  const Trip trip = Send(plan, 1, 5, "http://api.example/");
  EXPECT_THAT(trip.seen, Each(Field(&Seen::status, 200u)));
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_THAT(server.requests(), Each(HasSubstr("Host: api.example\r\n")));
}

// A redirect's places are those of the plan as well.
TEST(CurlAddresses, OfRedirects) {
  RawServer end(kHello);
  RawServer server(
      {{fmt::format("HTTP/1.1 302 Found\r\nLocation: http://end.example:{}/\r\n"
                    "Content-Length: 0\r\n\r\n",
                    end.port())}});
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_follow(true);
  for (const auto& [host, port] :
       {std::pair("api.example", server.port()), {"b.example", end.port()}}) {
    v1::Resolution& resolution = *plan.mutable_transport()->add_resolutions();
    resolution.set_host(host);
    resolution.set_port(port);
    resolution.add_addresses("127.0.0.1");
  }
  v1::Diversion& diversion = *plan.mutable_transport()->add_diversions();
  diversion.set_host("end.example");
  diversion.set_to_host("b.example");
  Network network;
  const std::string url = fmt::format("http://api.example:{}/", server.port());
  const Trip trip = SendOver(network, &MakeCurlTransport, plan, 1, {url, url});
  EXPECT_THAT(trip.seen, Each(Field(&Seen::status, 200u)));
  EXPECT_THAT(trip.seen, Each(Field(&Seen::address, fmt::format("127.0.0.1:{}", end.port()))));
  EXPECT_EQ(end.connections(), 1u);
}

}  // namespace
}  // namespace squall::testing
