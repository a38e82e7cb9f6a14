#include "common/network_options.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using ::testing::ElementsAre;

TEST(ParseResolution, Good) {
  struct Case {
    std::string text, normal;
  };
  const std::vector<Case> cases = {
      {"api:80:10.0.0.1", "api:80:10.0.0.1"},
      {"API.example:443:10.0.0.1,10.0.0.2", "api.example:443:10.0.0.1,10.0.0.2"},
      {"api:80:[2001:DB8::0],::1", "api:80:2001:db8::,::1"},
      {"[::0:1]:80:10.0.0.1", "[::1]:80:10.0.0.1"},
      {"10.0.0.9:80:10.0.0.1, 10.0.0.2", "10.0.0.9:80:10.0.0.1,10.0.0.2"},
      {"api:80:fe80::1%eth0", "api:80:fe80::1%eth0"},
  };
  for (const Case& c : cases) {
    const auto got = ParseResolution(c.text);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(ToText(*got), c.normal);
    EXPECT_EQ(ToText(*ParseResolution(ToText(*got))), c.normal);
  }
  const auto got = ParseResolution("api:80:10.0.0.1,::1");
  EXPECT_EQ(got->host(), "api");
  EXPECT_EQ(got->port(), 80u);
  EXPECT_THAT(got->addresses(), ElementsAre("10.0.0.1", "::1"));
}

TEST(ParseResolution, Bad) {
  constexpr char kForm[] = "write HOST:PORT:ADDRESS[,ADDRESS…], an IPv6 host in brackets";
  struct Case {
    std::string name, text, want;
  };
  const std::vector<Case> cases = {
      {"empty", "", std::string("\"\": ") + kForm},
      {"no address", "api:80", std::string("api:80: ") + kForm},
      {"no host", ":80:10.0.0.1", std::string(":80:10.0.0.1: ") + kForm},
      {"open bracket", "[::1:80:10.0.0.1", std::string("[::1:80:10.0.0.1: ") + kForm},
      {"empty brackets", "[]:80:10.0.0.1", std::string("[]:80:10.0.0.1: ") + kForm},
      {"words behind brackets", "[::1]x:80:::1", std::string("[::1]x:80:::1: ") + kForm},
      {"address empty", "api:80:", "api:80:: \"\" is neither an IPv4 nor an IPv6 address"},
      {"comma at the end", "api:80:::1,",
       "api:80:::1,: \"\" is neither an IPv4 nor an IPv6 address"},
      {"name as address", "api:80:b", "api:80:b: b is neither an IPv4 nor an IPv6 address"},
      {"IPv4 in brackets", "api:80:[10.0.0.1]",
       "api:80:[10.0.0.1]: [10.0.0.1] is neither an IPv4 nor an IPv6 address"},
      {"twice", "api:80:::1,::0:1", "api:80:::1,::0:1: ::1 is named twice"},
      {"port 0", "api:0:::1", "api:0:::1: port 0 is not between 1 and 65535"},
      {"port empty", "api::10.0.0.1", "api::10.0.0.1: port \"\" is not between 1 and 65535"},
      {"wildcard", "*:80:::1", "*:80:::1: \"*\" is not a host name"},
      {"not IPv6", "[::g]:80:::1", "[::g]:80:::1: \"::g\" is not an IPv6 address"},
      {"curl's minus", "-api:80", std::string("-api:80: ") + kForm},
  };
  for (const Case& c : cases) {
    const auto got = ParseResolution(c.text);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_EQ(got.status().message(), c.want) << c.name;
  }
}

TEST(ParseDiversion, Good) {
  struct Case {
    std::string text, normal;
  };
  const std::vector<Case> cases = {
      {"a:80:b:8080", "a:80:b:8080"},
      {"A:80:B:", "a:80:b:"},
      {"::b:8080", "::b:8080"},
      {"a:80::", "a:80::"},
      {":::", ":::"},
      {"[::0:1]:80:[2001:DB8::0]:81", "[::1]:80:[2001:db8::]:81"},
      {"10.0.0.1::10.0.0.2:", "10.0.0.1::10.0.0.2:"},
  };
  for (const Case& c : cases) {
    const auto got = ParseDiversion(c.text);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(ToText(*got), c.normal);
  }
  const auto got = ParseDiversion("a:80:b:8080");
  EXPECT_EQ(got->host(), "a");
  EXPECT_EQ(got->port(), 80u);
  EXPECT_EQ(got->to_host(), "b");
  EXPECT_EQ(got->to_port(), 8080u);
}

TEST(ParseDiversion, Bad) {
  constexpr char kForm[] =
      "write HOST1:PORT1:HOST2:PORT2, an IPv6 address in brackets; each part may be empty";
  struct Case {
    std::string name, text, want;
  };
  const std::vector<Case> cases = {
      {"empty", "", std::string("\"\": ") + kForm},
      {"three parts", "a:80:b", std::string("a:80:b: ") + kForm},
      {"five parts", "a:80:b:81:c", "a:80:b:81:c: port 81:c is not between 1 and 65535"},
      {"first port", "a:x:b:81", "a:x:b:81: port x is not between 1 and 65535"},
      {"second port", "a:80:b:65536", "a:80:b:65536: port 65536 is not between 1 and 65535"},
      {"first host", "a b:80:b:81", "a b:80:b:81: \"a b\" is not a host name"},
      {"second host", "a:80:10.1:81", "a:80:10.1:81: 10.1 is not an IPv4 address"},
  };
  for (const Case& c : cases) {
    const auto got = ParseDiversion(c.text);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_EQ(got.status().message(), c.want) << c.name;
  }
}

TEST(ParseSourceAddresses, GoodAndBad) {
  EXPECT_THAT(*ParseSourceAddresses("10.0.0.5, [::0:1],::2"),
              ElementsAre("10.0.0.5", "::1", "::2"));
  struct Case {
    std::string name, text, want;
  };
  const std::vector<Case> cases = {
      {"empty", "", "\"\": \"\" is neither an IPv4 nor an IPv6 address"},
      {"interface", "eth0", "eth0: eth0 is neither an IPv4 nor an IPv6 address"},
      {"twice", "::1,::1", "::1,::1: ::1 is named twice"},
      {"any IPv4", "0.0.0.0", "0.0.0.0: 0.0.0.0 stands for any address: name one"},
      {"any IPv6", "::1,::", "::1,::: :: stands for any address: name one"},
  };
  for (const Case& c : cases) {
    const auto got = ParseSourceAddresses(c.text);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_EQ(got.status().message(), c.want) << c.name;
  }
}

}  // namespace
}  // namespace squall
