#include "agent/endpoint.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(Endpoint, NumericAddressesAndHowTheyAreShown) {
  struct Case {
    std::string host, shown;
  };
  const std::vector<Case> cases = {
      {"192.0.2.1", "192.0.2.1:80"},         {"::1", "[::1]:80"},
      {"2001:DB8:0::7", "[2001:db8::7]:80"}, {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:80"},
      {"fe80::1%lo", "[fe80::1%lo]:80"},
  };
  for (const Case& c : cases) {
    const auto endpoint = NumericEndpoint(c.host);
    ASSERT_TRUE(endpoint) << c.host;
    EXPECT_EQ(DisplayOf(WithPort(*endpoint, 80)), c.shown);
  }
}

TEST(Endpoint, WhatIsNoNumericAddress) {
  for (const std::string host : {"", "localhost", "10.1", "192.0.2.300", "[::1]", "::g",
                                 "fe80::1%no-such-zone", "192.0.2.1:80"}) {
    EXPECT_FALSE(NumericEndpoint(host)) << host;
  }
  EXPECT_FALSE(NumericEndpoint(std::string("::1\0x", 5)));
}

TEST(Endpoint, UnixSocket) {
  const Endpoint endpoint = UnixEndpoint("/run/app.sock");
  EXPECT_EQ(endpoint.family(), AF_UNIX);
  EXPECT_EQ(DisplayOf(endpoint), "unix:/run/app.sock");
}

TEST(Endpoint, AddressesHaveOneOrder) {
  const std::vector<std::string> ascending = {"1.2.3.4", "9.0.0.0", "10.0.0.0", "200.0.0.1", "::1",
                                              "::2",     "1::",     "fe80::1",  "fe80::1%lo"};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(CompareAddresses(*NumericEndpoint(ascending[i]), *NumericEndpoint(ascending[j])),
                i <=> j)
          << ascending[i] << " and " << ascending[j];
    }
  }
}

}  // namespace
}  // namespace squall
