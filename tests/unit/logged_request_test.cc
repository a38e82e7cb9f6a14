#include "controller/logged_request.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr int64_t kBase = 971'211'336;  // 10 October 2000, 20:55:36 UTC

std::string WithTime(const std::string& time) {
  return fmt::format("10.0.0.1 - ann [{}] \"GET /a HTTP/1.1\" 200 2326", time);
}

std::string WithRequest(const std::string& request) {
  return fmt::format("::1 - - [10/Oct/2000:13:55:36 -0700] \"{}\" 200 - \"-\" \"curl/8\" x",
                     request);
}

TEST(LoggedRequest, Times) {
  const struct {
    std::string name, time;
    int64_t unix_us;
    bool whole_seconds;
  } kCases[] = {
      {"Apache", "10/Oct/2000:13:55:36 -0700", kBase * 1'000'000, true},
      {"another zone", "10/Oct/2000:22:25:36 +0130", kBase * 1'000'000, true},
      {"milliseconds", "10/Oct/2000:13:55:36.123 -0700", kBase * 1'000'000 + 123'000, false},
      {"microseconds", "10/Oct/2000:13:55:36.000001 -0700", kBase * 1'000'000 + 1, false},
      {"more than can be told", "10/Oct/2000:13:55:36.0000019 -0700", kBase * 1'000'000 + 1, false},
      {"ISO 8601", "2000-10-10T13:55:36-07:00", kBase * 1'000'000, true},
      {"ISO 8601, milliseconds", "2000-10-10T20:55:36.5Z", kBase * 1'000'000 + 500'000, false},
      {"seconds since 1970", "971211336.250", kBase * 1'000'000 + 250'000, false},
      {"and whole", "971211336", kBase * 1'000'000, true},
      {"a leap day", "29/Feb/2000:00:00:00 +0000", int64_t{951'782'400} * 1'000'000, true},
      {"a leap second", "31/Dec/2016:23:59:60 +0000", int64_t{1'483'228'800} * 1'000'000, true},
  };
  for (const auto& c : kCases) {
    const std::string line = WithTime(c.time);
    const auto request = ParseLoggedRequest(line);
    ASSERT_TRUE(request.ok()) << c.name << ": " << request.status();
    EXPECT_EQ(request->unix_us, c.unix_us) << c.name;
    EXPECT_EQ(request->whole_seconds, c.whole_seconds) << c.name;
    EXPECT_EQ(request->method, "GET") << c.name;
    EXPECT_EQ(request->target, "/a") << c.name;
  }
}

TEST(LoggedRequest, Requests) {
  const struct {
    std::string name, text, method, target;
  } kCases[] = {
      {"a query", "POST /a/b?c=d&e HTTP/1.0", "POST", "/a/b?c=d&e"},
      {"HTTP/0.9", "GET /a", "GET", "/a"},
      {"a proxy's", "GET http://a.test:80/b?c HTTP/1.1", "GET", "/b?c"},
      {"a proxy's, without a path", "GET http://a.test HTTP/1.1", "GET", "/"},
      {"escaped bytes", R"(GET /caf\xC3\xA9\x22\" HTTP/1.1)", "GET", "/caf%C3%A9\"\""},
      {"bytes as they are", "GET /caf\xC3\xA9 HTTP/1.1", "GET", "/caf%C3%A9"},
      {"what would be a placeholder", "GET /{{seq}}{a} HTTP/1.1", "GET", "/%7B{seq%7D}{a}"},
      {"what would be a fragment", "GET /a#b HTTP/1.1", "GET", "/a%23b"},
      {"another method", "PURGE /a HTTP/1.1", "PURGE", "/a"},
      {"nothing", "-", "", ""},
      {"empty", "", "", ""},
      {"TLS to a plain port", R"(\x16\x03\x01\x02\x00\x01\x00)", "", ""},
      {"a tunnel", "CONNECT a.test:443 HTTP/1.1", "", ""},
      {"no path", "OPTIONS * HTTP/1.1", "", ""},
      {"a blank in the path", "GET /a b HTTP/1.1", "", ""},
      {"lower case", "get /a HTTP/1.1", "", ""},
  };
  for (const auto& c : kCases) {
    const std::string line = WithRequest(c.text);
    const auto request = ParseLoggedRequest(line);
    ASSERT_TRUE(request.ok()) << c.name << ": " << request.status();
    EXPECT_EQ(request->method, c.method) << c.name;
    EXPECT_EQ(request->target, c.target) << c.name;
  }
}

TEST(LoggedRequest, OtherLines) {
  const struct {
    std::string name, line, want;
  } kCases[] = {
      {"no log", "GET /a",
       "1: no [time] in it: a line of an access log is ADDRESS - - [TIME] \"REQUEST\" …"},
      {"no such day", WithTime("31/Feb/2000:13:55:36 -0700"),
       "17: 31/Feb/2000:13:55:36 -0700: not a time: write e.g. 10/Oct/2000:13:55:36 -0700"},
      {"no such month", WithTime("10/Okt/2000:13:55:36 -0700"),
       "17: 10/Okt/2000:13:55:36 -0700: not a time: write e.g. 10/Oct/2000:13:55:36 -0700"},
      {"no zone", WithTime("10/Oct/2000:13:55:36"),
       "17: 10/Oct/2000:13:55:36: not a time: write e.g. 10/Oct/2000:13:55:36 -0700"},
      {"a time that does not end", "a - - [10/Oct/2000:13:55:36 -0700",
       "8: 10/Oct/2000:13:55:36 -0700: not a time: write e.g. 10/Oct/2000:13:55:36 -0700"},
      {"nothing behind the time", "a - - [10/Oct/2000:13:55:36 -0700]",
       "35: no \"request\" in quotes behind the time"},
      {"no quotes", "a - - [10/Oct/2000:13:55:36 -0700] GET /a",
       "35: no \"request\" in quotes behind the time"},
      {"quotes that do not end", "a - - [10/Oct/2000:13:55:36 -0700] \"GET /a\\\"",
       "36: the quotes around the request do not end"},
  };
  for (const auto& c : kCases) {
    const auto request = ParseLoggedRequest(c.line);
    EXPECT_EQ(request.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_EQ(request.status().message(), c.want) << c.name;
  }
}

}  // namespace
}  // namespace squall
