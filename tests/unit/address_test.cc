#include "common/address.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(Address, Good) {
  struct Case {
    std::string name, text, display, target;
  };
  const std::vector<Case> cases = {
      {"name", "client1", "client1:7400", "dns:///client1:7400"},
      {"name and port", "client1.lan:80", "client1.lan:80", "dns:///client1.lan:80"},
      {"case", "Client1", "client1:7400", "dns:///client1:7400"},
      {"zeros in front of a port", "h:07400", "h:7400", "dns:///h:7400"},
      {"a name like a scheme", "ipv4:80", "ipv4:80", "dns:///ipv4:80"},
      {"IPv4", "10.0.0.7", "10.0.0.7:7400", "dns:///10.0.0.7:7400"},
      {"IPv4 and port", "10.0.0.7:1", "10.0.0.7:1", "dns:///10.0.0.7:1"},
      {"bare IPv6", "::1", "[::1]:7400", "dns:///%5B::1%5D:7400"},
      {"IPv6 in brackets", "[::1]", "[::1]:7400", "dns:///%5B::1%5D:7400"},
      {"IPv6 and port", "[2001:DB8::7]:1", "[2001:db8::7]:1", "dns:///%5B2001:db8::7%5D:1"},
      {"IPv6 in full", "0:0:0:0:0:0:0:1", "[::1]:7400", "dns:///%5B::1%5D:7400"},
      {"IPv6 with a zone", "fe80::1%eth0", "[fe80::1%eth0]:7400",
       "dns:///%5Bfe80::1%25eth0%5D:7400"},
      {"socket", "unix:/run/squall.sock", "unix:/run/squall.sock", "unix:/run/squall.sock"},
      {"socket, normal form", "unix:/run//x/../a b", "unix:/run/a b", "unix:/run/a%20b"},
      {"socket, relative", "unix:squall.sock", "unix:squall.sock", "unix:squall.sock"},
  };
  for (const Case& c : cases) {
    const auto got = ParseAddress(c.text);
    ASSERT_TRUE(got.ok()) << c.name << ": " << got.status();
    EXPECT_EQ(got->display, c.display) << c.name;
    EXPECT_EQ(got->target, c.target) << c.name;
  }
}

TEST(Address, Bad) {
  struct Case {
    std::string name, text, want;
  };
  const std::vector<Case> cases = {
      {"empty", "", "\"\": no address: write host or host:port"},
      {"port alone", ":7400", ":7400: no host: write host or host:port"},
      {"port empty", "h:", "h:: port \"\" is not between 1 and 65535"},
      {"port 0", "h:0", "h:0: port 0 is not between 1 and 65535"},
      {"port too large", "h:65536", "h:65536: port 65536 is not between 1 and 65535"},
      {"port a word", "h:http", "h:http: port http is not between 1 and 65535"},
      {"URL", "http://h:7400", "http://h:7400: write host or host:port, without a scheme"},
      {"two names", "a b", "a b: \"a b\" is not a host name"},
      {"path", "h/x", "h/x: \"h/x\" is not a host name"},
      {"not IPv4", "10.0.0.300", "10.0.0.300: 10.0.0.300 is not an IPv4 address"},
      {"half IPv4", "10.1", "10.1: 10.1 is not an IPv4 address"},
      {"not IPv6", "::g", "::g: \"::g\" is not an IPv6 address"},
      {"name in brackets", "[localhost]", "[localhost]: \"localhost\" is not an IPv6 address"},
      {"bracket left open", "[::1", "[::1: the closing ] is missing"},
      {"words behind the bracket", "[::1]7400", "[::1]7400: write [address]:port"},
      {"a null byte behind IPv6", std::string("[::1\0x]:80", 10),
       "[::1\\x00x]:80: \"::1\\x00x\" is not an IPv6 address"},
      {"zone missing", "fe80::1%", "fe80::1%: \"fe80::1%\" is not an IPv6 address"},
      {"a host called unix", "unix",
       "unix: would be taken for a socket: write unix:PATH, or the host's full name"},
      {"a host called unix, and port", "UNIX:80",
       "UNIX:80: would be taken for a socket: write unix:PATH, or the host's full name"},
      {"no path", "unix:", "unix:: no path: write unix:PATH"},
  };
  for (const Case& c : cases) {
    const auto got = ParseAddress(c.text);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_EQ(got.status().message(), c.want) << c.name;
  }
}

TEST(Address, PathOfASocketThatIsTooLong) {
  const std::string path(107, 'x');
  EXPECT_TRUE(ParseAddress("unix:" + path).ok());
  EXPECT_FALSE(ParseAddress("unix:" + path + "x").ok());
}

TEST(Address, AnyFreePortIsForListeningOnly) {
  const auto got = ParseListenAddress("127.0.0.1:0");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->display, "127.0.0.1:0");
  EXPECT_FALSE(ParseListenAddress("127.0.0.1:-1").ok());
}

}  // namespace
}  // namespace squall
