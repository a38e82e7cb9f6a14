#include "controller/access_log.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

const std::string kRun = "20261124T023500Z-1a2b";
const std::string kCommon =
    R"(10.0.0.7 - - [24/Nov/2026:02:35:00 +0000] "GET /a?b=c HTTP/1.1" 200 17)";
const std::string kCombined = kCommon + R"( "-" "squall/0.1.0")";

struct Row {
  std::string name;
  std::string line;
  std::optional<AccessLine> want;
};

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const std::optional<AccessLine> got = ParseAccessLine(row.line);
    EXPECT_EQ(got.has_value(), row.want.has_value());
    if (!got || !row.want) continue;
    EXPECT_EQ(got->status, row.want->status);
    EXPECT_EQ(got->run, row.want->run);
    EXPECT_EQ(got->warm_up, row.want->warm_up);
    EXPECT_EQ(got->number, row.want->number);
  }
}

AccessLine Tagged(uint64_t number, bool warm_up = false) { return {200, kRun, warm_up, number}; }
AccessLine Untagged(uint32_t status) { return {.status = status}; }

TEST(ParseAccessLine, Forms) {
  const std::string quoted = " \"" + kRun + "\" \"17\"";
  Check({
      {"common", kCommon, Untagged(200)},
      {"combined", kCombined, Untagged(200)},
      {"with a carriage return", kCombined + "\r", Untagged(200)},
      {"with a host in front", "example.org:80 " + kCombined, Untagged(200)},
      {"no bytes", R"(h - - [x] "GET / HTTP/1.1" 304 -)", Untagged(304)},
      {"nginx's own status", R"(h - - [x] "GET / HTTP/1.1" 499 0 "-" "-")", Untagged(499)},
      {"no status at all", R"(h - - [x] "" 000 0 "-" "-")", Untagged(0)},
      {"a user with spaces", R"(h - ann b [x] "GET / HTTP/1.1" 200 1)", Untagged(200)},
      {"quotes within quotes", R"(h - - [x] "GET /\"] \"x HTTP/1.1" 200 1 "-" "a\\")",
       Untagged(200)},
      {"bytes of TLS for a request", R"(h - - [x] "\x16\x03\x01" 400 157 "-" "-")", Untagged(400)},
      {"not UTF-8", "h - - [x] \"GET /\xff HTTP/1.1\" 200 1 \"\xfe\" \"-\"", Untagged(200)},
      {"tag behind it", kCombined + quoted, Tagged(17)},
      {"tag not in quotes", kCombined + " " + kRun + " 17", Tagged(17)},
      {"tag in front of other fields", kCombined + quoted + " 0.005 \"-\"", Tagged(17)},
      {"tag behind other fields", kCombined + " 0.005 12 \"gzip, br\"" + quoted, Tagged(17)},
      {"tag behind the common form", kCommon + quoted, Tagged(17)},
      {"of a warm-up", kCombined + " \"" + kRun + "/warmup\" \"3\"", Tagged(3, true)},
      {"the first request", kCombined + " \"" + kRun + "\" \"0\"", Tagged(0)},
      {"the largest number", kCombined + " \"" + kRun + "\" \"9223372036854775807\"",
       Tagged((uint64_t{1} << 63) - 1)},
      {"headers that were not sent", kCombined + R"( "-" "-")", Untagged(200)},
      {"a number alone", kCombined + R"( "-" "17")", Untagged(200)},
      {"no name of a run", kCombined + R"( "r-1" "17")", Untagged(200)},
      {"a second tag is not looked at", kCombined + quoted + " \"" + kRun + "\" \"18\"",
       Tagged(17)},
  });
}

TEST(ParseAccessLine, OtherForms) {
  const std::string run = " \"" + kRun + "\"";
  Check({
      {"nothing", "", {}},
      {"words", "the server has started", {}},
      {"JSON", R"({"time": "[x]", "status": 200})", {}},
      {"tab-separated", "200\tGET\t/\tHTTP/1.1\t1", {}},
      {"an error log", "2026/11/24 02:35:00 [error] 7#7: *1 open() failed", {}},
      {"nobody", R"( [x] "GET / HTTP/1.1" 200 1)", {}},
      {"time without an end", R"(h - - [x "GET / HTTP/1.1" 200 1)", {}},
      {"request without quotes", "h - - [x] GET / HTTP/1.1 200 1", {}},
      {"request without an end", R"(h - - [x] "GET / HTTP/1.1 200 1)", {}},
      {"cut off in the request", kCommon.substr(0, 60), {}},
      {"no status", R"(h - - [x] "GET / HTTP/1.1")", {}},
      {"a status of two digits", R"(h - - [x] "GET / HTTP/1.1" 20 1)", {}},
      {"a status of four digits", R"(h - - [x] "GET / HTTP/1.1" 2000 1)", {}},
      {"a status of letters", R"(h - - [x] "GET / HTTP/1.1" 2OO 1)", {}},
      {"no size", R"(h - - [x] "GET / HTTP/1.1" 200)", {}},
      {"a negative size", R"(h - - [x] "GET / HTTP/1.1" 200 -1)", {}},
      {"a field without an end", kCommon + R"( "-" "squall)", {}},
      {"fields without a space between", kCommon + R"( "-""-")", {}},
      {"a run and no number", kCombined + run, {}},
      {"a run and no digits", kCombined + run + " \"-\"", {}},
      {"a negative number", kCombined + run + " \"-1\"", {}},
      {"a number too large", kCombined + run + " \"9223372036854775808\"", {}},
      {"a number and more", kCombined + run + " \"17x\"", {}},
  });
}

}  // namespace
}  // namespace squall
