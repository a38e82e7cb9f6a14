#include "agent/ip_range.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using ::testing::HasSubstr;

TEST(IpRange, OneAddressHoweverItIsWritten) {
  const struct {
    const char* name;
    std::string host;
    std::string address;  // empty: a name
  } rows[] = {
      {"plain", "127.0.0.2", "127.0.0.2"},
      {"decimal", "2130706434", "127.0.0.2"},
      {"octal", "0177.0.0.2", "127.0.0.2"},
      {"octal in one", "017700000002", "127.0.0.2"},
      {"hex", "0x7f000002", "127.0.0.2"},
      {"hex, upper case", "0X7F.2", "127.0.0.2"},
      {"two parts", "127.2", "127.0.0.2"},
      {"three parts", "127.0.2", "127.0.0.2"},
      {"a dot at the end", "127.0.0.2.", "127.0.0.2"},
      {"dots at the end", "2130706434..", "127.0.0.2"},
      {"mapped", "::ffff:127.0.0.2", "127.0.0.2"},
      {"mapped, in hex", "::FFFF:7f00:2", "127.0.0.2"},
      {"mapped, in full", "0:0:0:0:0:ffff:7f00:0002", "127.0.0.2"},
      {"NAT64", "64:ff9b::7f00:2", "127.0.0.2"},
      {"any", "0.0.0.0", "127.0.0.1"},
      {"any, short", "0", "127.0.0.1"},
      {"any, mapped", "::ffff:0.0.0.0", "127.0.0.1"},
      {"any IPv6", "::", "::1"},
      {"IPv6", "FD00:EC2:0::254", "fd00:ec2::254"},
      {"IPv6 with a zone", "fe80::1%eth0", "fe80::1"},
      {"IPv6 with a zone of a URL", "fe80::1%25eth0", "fe80::1"},
      {"compatible is not mapped", "::127.0.0.2", "::127.0.0.2"},
      {"a name", "api.test", ""},
      {"a name of hex digits", "beef", ""},
      {"five parts", "1.2.3.4.5", ""},
      {"too large", "4294967296", ""},
      {"not octal", "08.0.0.1", ""},
      {"blank behind", "127.0.0.2 x", ""},
      {"null byte", std::string("127.0.0.2\0x", 11), ""},
      {"nothing", "", ""},
      {"a dot", ".", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const std::optional<IpAddress> address = LooseIp(row.host);
    EXPECT_EQ(address ? ToText(*address) : "", row.address);
  }
}

TEST(IpRange, OfAnEndpoint) {
  for (const auto& [endpoint, address] :
       {std::pair("10.0.0.8", "10.0.0.8"), std::pair("::ffff:10.0.0.8", "10.0.0.8"),
        std::pair("fd00::1", "fd00::1"), std::pair("::", "::1")}) {
    EXPECT_EQ(ToText(*IpOf(*NumericEndpoint(endpoint))), address);
  }
  EXPECT_FALSE(IpOf(UnixEndpoint("/run/app.sock")));
}

TEST(IpRange, Contains) {
  const struct {
    const char* range;
    const char* address;
    bool contains;
  } rows[] = {
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/8", "::ffff:10.1.2.3", true},
      {"10.0.0.0/9", "10.127.255.255", true},
      {"10.0.0.0/9", "10.128.0.0", false},
      {"0.0.0.0/0", "192.0.2.1", true},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "192.0.2.1", false},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
      {"::ffff:10.0.0.0/104", "11.1.2.3", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"fd00::/8", "fdff:ffff::1", true},
      {"fd00::/8", "fe00::", false},
      {"2001:db8::1/128", "2001:db8::1", true},
      {"127.0.0.0/8", "0.0.0.0", true},
      {"0.0.0.0", "0.0.0.0", true},
  };
  for (const auto& row : rows) {
    const absl::StatusOr<IpRange> range = ParseIpRange(row.range);
    ASSERT_TRUE(range.ok()) << row.range << range.status();
    EXPECT_EQ(range->Contains(*LooseIp(row.address)), row.contains)
        << row.range << " " << row.address;
  }
  EXPECT_TRUE(ParseIpRange("10.1.0.0/16")->IsWithin(*ParseIpRange("10.0.0.0/8")));
  EXPECT_TRUE(ParseIpRange("10.0.0.0/8")->IsWithin(*ParseIpRange("10.0.0.0/8")));
  EXPECT_FALSE(ParseIpRange("10.0.0.0/7")->IsWithin(*ParseIpRange("10.0.0.0/8")));
  EXPECT_FALSE(ParseIpRange("11.0.0.0/16")->IsWithin(*ParseIpRange("10.0.0.0/8")));
}

TEST(IpRange, Refusals) {
  const struct {
    const char* text;
    const char* reason;
  } rows[] = {
      {"10.0.0.8/8", "did you mean 10.0.0.0/8?"},
      {"fd00::1/8", "did you mean fd00::/8?"},
      {"10.0.0.0/33", "not between 0 and 32"},
      {"10.0.0.0/-1", "not between"},
      {"10.0.0.0/", "not between"},
      {"::/129", "not between 0 and 128"},
      {"::ffff:10.0.0.0/8", "not between 96 and 128"},
      {"10.0.0/8", "neither an IPv4 nor an IPv6 address"},
      {"010.0.0.0/8", "neither"},
      {"", "neither"},
  };
  for (const auto& row : rows) {
    const absl::StatusOr<IpRange> range = ParseIpRange(row.text);
    ASSERT_FALSE(range.ok()) << row.text;
    EXPECT_THAT(std::string(range.status().message()), HasSubstr(row.reason));
  }
}

}  // namespace
}  // namespace squall
