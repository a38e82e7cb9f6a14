#include "common/url.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(Url, Good) {
  const std::vector<std::string> urls = {
      "http://127.0.0.1:8080/",
      "http://localhost",
      "https://api.example.com/v1/items?id=7&q=a%20b",
      "HTTP://Example.COM/",
      "http://[::1]:8080/x",
      "http://user:secret@host/",
      "http://host?q=1",
      "http://host/#part",
      "http://host:65535/",
      "http://under_score.example/",
      "http://host/?next=ftp://elsewhere/",
      "http://host/für",
      "http://host/" + std::string(kMaxUrlBytes - 12, 'x'),
  };
  for (const std::string& url : urls) EXPECT_TRUE(CheckUrl(url).ok()) << CheckUrl(url);
}

struct Case {
  std::string name, url, want;
};

TEST(Url, Bad) {
  const std::vector<Case> cases = {
      {"empty", "", "\"\": empty: write e.g. http://127.0.0.1:8080/"},
      {"no scheme", "example.com/x", "no scheme: did you mean http://example.com/x?"},
      {"no scheme with port", "localhost:8080", "no scheme: did you mean http://localhost:8080?"},
      {"a URL in the query only", "host/?u=http://x", "did you mean http://host/?u=http://x?"},
      {"one slash", "http:/host/", "no scheme: did you mean http://host/?"},
      {"no slash", "https:host/", "no scheme: did you mean https://host/?"},
      {"path", "/v1/items", "neither scheme nor host: write e.g. http://127.0.0.1:8080/"},
      {"ftp", "ftp://host/", "ftp:// is not supported: use http:// or https://"},
      {"websocket", "ws://host/", "ws:// is not supported: use http:// or https://"},
      {"scheme only", "http://", "no host"},
      {"path for a host", "http:///path", "no host"},
      {"port without host", "http://:80/", "no host"},
      {"user without host", "http://user@/", "no host"},
      {"port too large", "http://host:65536/", "port 65536 is not between 1 and 65535"},
      {"port 0", "http://host:0/", "port 0 is not between 1 and 65535"},
      {"port empty", "http://host:/", "port \"\" is not between 1 and 65535"},
      {"port a word", "http://host:http/", "port http is not between 1 and 65535"},
      {"bare IPv6", "http://::1:80/", "write an IPv6 address in brackets"},
      {"bad IPv6", "http://[::g]/", "\"[::g]\" is not a host name"},
      {"bad host", "http://ho$t/", "\"ho$t\" is not a host name"},
      {"host beyond ASCII", "http://münchen.example/", "in punycode"},
      {"space", "http://host/a b", "a space at position 14: write %20"},
      {"space in front", " http://host/", "a space at position 1: write %20"},
      {"tab", "http://host/\t", "a control character at position 13: write %09"},
      {"header injection", "http://host/ HTTP/1.1\r\nX: y", "a space at position 13"},
      {"null", std::string("http://host/\0", 13), "a control character at position 13: write %00"},
      {"Latin-1", "http://host/f\xfcr", "not UTF-8: percent-encode such bytes"},
      {"too long", "http://host/" + std::string(kMaxUrlBytes, 'x'),
       "65547 bytes long: at most 65535 are possible"},
  };
  for (const Case& c : cases) {
    const absl::Status status = CheckUrl(c.url);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_NE(std::string(status.message()).find(c.want), std::string::npos)
        << c.name << ": " << status.message();
  }
}

TEST(Url, MessageBeginsWithTheUrl) {
  EXPECT_EQ(CheckUrl("ftp://host/\xc3\xbc").message(),
            "ftp://host/ü: ftp:// is not supported: use http:// or https://");
}

TEST(Url, Split) {
  struct Row {
    std::string url;
    bool https;
    uint16_t port;
    std::string origin, user, host, authority, target;
  };
  const std::vector<Row> rows = {
      {"http://h/", false, 80, "http://h", "", "h", "h", "/"},
      {"HTTPS://h", true, 443, "HTTPS://h", "", "h", "h", ""},
      {"http://h:80/a", false, 80, "http://h:80", "", "h", "h", "/a"},
      {"https://h:80/a", true, 80, "https://h:80", "", "h", "h:80", "/a"},
      {"http://h:00443?q=1", false, 443, "http://h:00443", "", "h", "h:00443", "?q=1"},
      {"http://h?a@b:c/d#e", false, 80, "http://h", "", "h", "h", "?a@b:c/d"},
      {"http://h#f/x", false, 80, "http://h", "", "h", "h", ""},
      {"http://[::1]:8080/a?b#c", false, 8080, "http://[::1]:8080", "", "::1", "[::1]:8080",
       "/a?b"},
      {"http://[::1]", false, 80, "http://[::1]", "", "::1", "[::1]", ""},
      {"http://u:p@h:81/x/../y", false, 81, "http://u:p@h:81", "u:p", "h", "h:81", "/x/../y"},
      {"http://u@[fe80::1]/", false, 80, "http://u@[fe80::1]", "u", "fe80::1", "[fe80::1]", "/"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.url);
    ASSERT_TRUE(CheckUrl(row.url).ok()) << CheckUrl(row.url);
    const UrlParts parts = SplitUrl(row.url);
    EXPECT_EQ(parts.https, row.https);
    EXPECT_EQ(parts.port, row.port);
    EXPECT_EQ(parts.origin, row.origin);
    EXPECT_EQ(parts.user, row.user);
    EXPECT_EQ(parts.host, row.host);
    EXPECT_EQ(parts.authority, row.authority);
    EXPECT_EQ(parts.target, row.target);
  }
}

TEST(Url, GoodProxy) {
  for (const std::string url : {"http://127.0.0.1:3128", "https://proxy/", "socks5://h:1080",
                                "SOCKS5H://user:secret@[::1]:1080"}) {
    EXPECT_TRUE(CheckProxyUrl(url).ok()) << CheckProxyUrl(url);
  }
}

TEST(Url, BadProxy) {
  const std::vector<Case> cases = {
      {"empty", "", "empty: write e.g. http://127.0.0.1:3128"},
      {"no scheme", "proxy:3128", "no scheme: did you mean http://proxy:3128?"},
      {"unknown scheme", "socks9://h", "socks9:// is not supported for a proxy: use http://"},
      {"path", "http://proxy/x", "a proxy has neither path nor query"},
      {"query", "http://proxy?x", "a proxy has neither path nor query"},
      {"no host", "socks5://", "no host"},
      {"bad port", "socks5://h:99999", "port 99999 is not between 1 and 65535"},
      {"line break", "http://h\r\n", "a control character at position 9"},
  };
  for (const Case& c : cases) {
    const absl::Status status = CheckProxyUrl(c.url);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_NE(std::string(status.message()).find(c.want), std::string::npos)
        << c.name << ": " << status.message();
  }
}

}  // namespace
}  // namespace squall
