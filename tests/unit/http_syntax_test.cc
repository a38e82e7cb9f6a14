#include "common/http_syntax.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(HttpSyntax, Method) {
  struct Case {
    std::string method, want;
  };
  const std::vector<Case> cases = {
      {"GET", ""},
      {"PROPFIND", ""},
      {"M-SEARCH", ""},
      {"post", "post: methods are in upper case: did you mean POST?"},
      {"CONNECT", "CONNECT: asks for a tunnel, which is not a request"},
      {"", "\"\": not a method: write e.g. GET, POST or DELETE"},
      {"GET /", "GET /: not a method: write e.g. GET, POST or DELETE"},
      {"GET\r\n", "GET\\x0d\\x0a: not a method: write e.g. GET, POST or DELETE"},
  };
  for (const Case& c : cases) EXPECT_EQ(CheckMethod(c.method).message(), c.want);
}

TEST(HttpSyntax, Header) {
  struct Case {
    std::string name, text, want_name, want_value;
  };
  const std::vector<Case> cases = {
      {"plain", "Accept: text/html", "Accept", "text/html"},
      {"no blank", "Accept:text/html", "Accept", "text/html"},
      {"blanks around", "Accept: \t text/html \t", "Accept", "text/html"},
      {"blanks and a tab within", "X: a \t b", "X", "a \t b"},
      {"colon within", "Host: example.com:80", "Host", "example.com:80"},
      {"empty", "Accept:", "Accept", ""},
      {"blank", "Accept:  ", "Accept", ""},
      {"UTF-8", "X: für", "X", "für"},
      {"token characters", "x-!#$%&'*+.^_`|~9: 1", "x-!#$%&'*+.^_`|~9", "1"},
  };
  for (const Case& c : cases) {
    const auto header = ParseHeader(c.text);
    ASSERT_TRUE(header.ok()) << c.name << ": " << header.status();
    EXPECT_EQ(header->name(), c.want_name) << c.name;
    EXPECT_EQ(header->value(), c.want_value) << c.name;
  }
}

TEST(HttpSyntax, BadHeader) {
  struct Case {
    std::string text, want;
  };
  const std::vector<Case> cases = {
      {"Accept", "Accept: a header needs a colon: write \"Name: value\""},
      {"", "\"\": a header needs a colon: write \"Name: value\""},
      {": x", ": x: nothing is not a header's name: write \"Name: value\""},
      {"Acc ept: x",
       "Acc ept: x: what stands before the colon is not a header's name: write \"Name: value\""},
      {"Accept : x",
       "Accept : x: what stands before the colon is not a header's name: write \"Name: value\""},
      {"X: a\r\nY: b",
       "X: a\\x0d\\x0aY: b: a header holds no line breaks or other control characters"},
      {"X: a\n", "X: a\\x0a: a header holds no line breaks or other control characters"},
      {std::string("X: a\0b", 6),
       "X: a\\x00b: a header holds no line breaks or other control characters"},
      {"X: f\xfcr", "X: f\\xfcr: a header's value must be UTF-8"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ParseHeader(c.text).status().code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_EQ(ParseHeader(c.text).status().message(), c.want);
  }
}

TEST(IsIdempotent, AsTheMethodIsDefined) {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
    EXPECT_TRUE(IsIdempotent(method)) << method;
  }
  for (const char* method : {"POST", "PATCH", "CONNECT", "LOCK", "get", ""}) {
    EXPECT_FALSE(IsIdempotent(method)) << method;
  }
}

}  // namespace
}  // namespace squall
