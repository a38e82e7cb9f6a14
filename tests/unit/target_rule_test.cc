#include "agent/target_rule.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using ::testing::HasSubstr;

TEST(TargetRule, Matches) {
  const struct {
    const char* rule;
    const char* host;
    uint16_t port;
    bool matches;
  } rows[] = {
      {"api.test", "api.test", 80, true},
      {"API.test.", "Api.Test", 80, true},
      {"api.test", "api.test.", 80, true},
      {"api.test", "x.api.test", 80, false},
      {"api.test", "api.testing", 80, false},
      {"api.test:8080", "api.test", 8080, true},
      {"api.test:8080", "api.test", 80, false},
      {"api.test:8000-8999", "api.test", 8000, true},
      {"api.test:8000-8999", "api.test", 8999, true},
      {"api.test:8000-8999", "api.test", 9000, false},
      {"*.test", "api.test", 80, true},
      {"*.test", "a.b.test", 80, true},
      {"*.test", "test", 80, false},
      {"*.test", "apitest", 80, false},
      {"*.test", ".test", 80, false},
      {"*.test:443", "api.test", 80, false},
      {"*", "api.test", 80, true},
      {"*", "10.0.0.8", 80, true},
      {"*:443", "10.0.0.8", 443, true},
      {"*:443", "10.0.0.8", 80, false},
      {"10.0.0.0/8", "10.0.0.8", 80, true},
      {"10.0.0.0/8:80", "10.0.0.8", 81, false},
      {"10.0.0.0/8", "api.test", 80, false},
      {"10.0.0.8", "0xa.8", 80, true},
      {"fd00::/8", "fd00::1", 80, true},
      {"[fd00::/8]:80", "fd00::1", 80, true},
      {"[fd00::/8]:80", "fd00::1", 81, false},
      {"[::1]", "::1", 80, true},
      {"::1", "::1", 80, true},
      {"::ffff:10.0.0.8", "10.0.0.8", 80, true},
      {"127.0.0.1", "0.0.0.0", 80, true},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.rule) + " " + row.host);
    const absl::StatusOr<TargetRule> rule = ParseTargetRule(row.rule);
    ASSERT_TRUE(rule.ok()) << rule.status();
    const std::optional<IpAddress> address = LooseIp(row.host);
    EXPECT_EQ(address ? rule->MatchesAddress(*address, row.port)
                      : rule->MatchesName(NormalHost(row.host), row.port),
              row.matches);
    EXPECT_FALSE(rule->MatchesSocket("/run/app.sock"));
  }
}

TEST(TargetRule, Sockets) {
  EXPECT_TRUE(ParseTargetRule("unix:/run/app.sock")->MatchesSocket("/run/app.sock"));
  EXPECT_TRUE(ParseTargetRule("unix:/run/../run//app.sock")->MatchesSocket("/run/app.sock"));
  EXPECT_FALSE(ParseTargetRule("unix:/run/app.sock")->MatchesSocket("/run/app.sock2"));
  EXPECT_TRUE(ParseTargetRule("unix:*")->MatchesSocket("/run/app.sock"));
  EXPECT_FALSE(ParseTargetRule("unix:*")->MatchesName("api.test", 80));
}

TEST(TargetRule, Refusals) {
  const struct {
    const char* text;
    const char* reason;
  } rows[] = {
      {"", "no host"},
      {"http://api.test", "without a scheme"},
      {"api.test:", "\"\" is neither a port"},
      {"api.test:0", "0 is neither a port"},
      {"api.test:65536", "65536 is neither a port"},
      {"api.test:90-80", "90-80 is neither a port nor a range of ports"},
      {"api.test:x", "x is neither a port"},
      {"a*.test", "a * stands alone or in front of a domain"},
      {"*.*.test", "a * stands alone"},
      {"*.", "no host"},
      {"a b", "is not a host name"},
      {"b\xc3\xbc"
       "cher.test",
       "is not a host name"},
      {"127.1", "is not an IPv4 address"},
      {"2130706433", "is not an IPv4 address"},
      {"0x7f000001", "four decimal numbers"},
      {"010.0.0.1", "is not an IPv4 address"},
      {"10.0.0.8/8", "did you mean 10.0.0.0/8?"},
      {"10.0.0.0/40", "prefix"},
      {"fe80::1%eth0", "without its zone"},
      {"[::1", "write [address] or [address]:port"},
      {"[::1]x", "write [address]"},
      {"[api.test]:80", "write [address]"},
      {"::1::2", "neither an IPv4 nor an IPv6 address"},
      {"unix:", "the whole path"},
      {"unix:app.sock", "the whole path"},
      {"unix:/run/*", "the whole path of one socket"},
      {"unix:/run/\x1b[2J", "the whole path"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    const absl::StatusOr<TargetRule> rule = ParseTargetRule(row.text);
    ASSERT_FALSE(rule.ok());
    EXPECT_THAT(std::string(rule.status().message()), HasSubstr(row.reason));
  }
}

}  // namespace
}  // namespace squall
