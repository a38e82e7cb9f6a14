#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/request_parser.h"

namespace squall::target {
namespace {

using Step = RequestParser::Step;

struct Case {
  const char* name;
  const char* bytes;
  // What it says of itself, in order: "GET", "HEAD" …, with " stats", " keep", " 1.1" where so;
  // "continue"; "malformed".
  std::vector<std::string> steps;
};

const Case kCases[] = {
    {"Get", "GET / HTTP/1.1\r\n\r\n", {"get keep 1.1"}},
    {"Head", "HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n", {"head 1.1"}},
    {"Http10", "GET / HTTP/1.0\r\n\r\n", {"get"}},
    {"Http10KeepAlive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", {"get keep"}},
    {"Delete", "DELETE /__stats HTTP/1.1\r\n\r\n", {"delete stats keep 1.1"}},
    {"StatsWithQuery", "GET /__stats?a=b HTTP/1.1\r\n\r\n", {"get stats keep 1.1"}},
    {"NotQuiteStats",
     "GET /__stat HTTP/1.1\r\n\r\nGET /__stats/ HTTP/1.1\r\n\r\n",
     {"get keep 1.1", "get keep 1.1"}},
    {"Pipelined",
     "GET /__stats HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"
     "HEAD / HTTP/1.1\r\n\r\n",
     {"get stats keep 1.1", "keep 1.1", "head keep 1.1"}},
    {"Continue",
     "POST / HTTP/1.1\r\nA: b\r\nEXPECT:  100-continue\r\nContent-Length: 2\r\n\r\nab"
     "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab",
     {"continue", "keep 1.1", "keep 1.1"}},
    {"OtherExpectation",
     "POST / HTTP/1.1\r\nExpect: 100-continued\r\nContent-Length: 1\r\n\r\na",
     {"keep 1.1"}},
    {"OtherHeader",
     "POST / HTTP/1.1\r\nExpects: 100-continue\r\nContent-Length: 1\r\n\r\na",
     {"keep 1.1"}},
    {"MalformedAtOnce", "\x16\x03\x01", {"malformed"}},
    {"MalformedLater", "GET / HTTP/1.1\r\n\r\nGET / HTTP/x\r\n\r\n", {"get keep 1.1", "malformed"}},
    {"BothLengths",
     "POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
     {"malformed"}},
    {"Unfinished", "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", {}},
};

std::string Describe(const RequestParser& parser, Step step) {
  if (step == Step::kWantsContinue) return "continue";
  if (step == Step::kMalformed) return "malformed";
  std::string text;
  if (parser.is_get()) text += " get";
  if (parser.is_head()) text += " head";
  if (parser.is_delete()) text += " delete";
  if (parser.is_for_stats()) text += " stats";
  if (parser.keep_alive()) text += " keep";
  if (parser.is_http_1_1()) text += " 1.1";
  return text.empty() ? text : text.substr(1);
}

// False once the parser can't go on.
bool ParseAll(RequestParser& parser, std::string_view piece, std::vector<std::string>& steps) {
  while (!piece.empty()) {
    const Step step = parser.Parse(piece);
    if (step == Step::kNeedsMore) {
      EXPECT_TRUE(piece.empty());
      return true;
    }
    steps.push_back(Describe(parser, step));
    if (step == Step::kMalformed) return false;
  }
  return true;
}

TEST(TargetRequestParser, SeesTheSameWhereverTheBytesAreCut) {
  for (const Case& c : kCases) {
    const std::string_view bytes = c.bytes;
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      SCOPED_TRACE(std::string(c.name) + " cut at " + std::to_string(cut));
      RequestParser parser;
      std::vector<std::string> steps;
      if (ParseAll(parser, bytes.substr(0, cut), steps)) ParseAll(parser, bytes.substr(cut), steps);
      EXPECT_EQ(steps, c.steps);
    }
  }
}

TEST(TargetRequestParser, SeesTheSameByteByByte) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    RequestParser parser;
    std::vector<std::string> steps;
    for (const char byte : std::string_view(c.bytes)) {
      if (!ParseAll(parser, {&byte, 1}, steps)) break;
    }
    EXPECT_EQ(steps, c.steps);
  }
}

TEST(TargetRequestParser, KeepsTheUrlWhereverItIsCut) {
  const std::string_view bytes = "PATCH /__stats?and=more HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n";
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    SCOPED_TRACE(cut);
    RequestParser parser(UrlsAre::kKept);
    std::vector<std::string> seen;
    for (std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
      while (!piece.empty()) {
        if (parser.Parse(piece) != Step::kRequest) continue;
        seen.push_back(std::string(parser.method()) + " " + std::string(parser.url()) +
                       (parser.is_for_stats() ? " stats" : ""));
      }
    }
    EXPECT_THAT(seen, testing::ElementsAre("PATCH /__stats?and=more stats", "GET /2"));
  }
}

TEST(TargetReasonPhrase, IsEmptyForAStatusWithoutAName) {
  EXPECT_EQ(ReasonPhrase(404), "Not Found");
  EXPECT_EQ(ReasonPhrase(599), "");
}

}  // namespace
}  // namespace squall::target
