// Lists of requests and access logs, from the command line to the plan and the text that agents are
// sent.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/plan_check.h"
#include "tests/unit/run_options_support.h"

namespace squall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kBase[] = "http://h";

std::string LogLine(const std::string& time, const std::string& request) {
  return fmt::format("10.0.0.1 - - [10/Oct/2000:13:55:{} +0000] \"{}\" 200 5 \"-\" \"x\"\n", time,
                     request);
}

class ListFormats : public RunOptionsTest {
 protected:
  static absl::StatusOr<RunOptions> List(const std::string& text,
                                         std::vector<std::string> words = {}) {
    Write("list", text);
    words.insert(words.begin(), {"--urls", "list", "-u", kBase});
    return Run(words);
  }

  // What agents are sent.
  static std::string TextOf(const RunOptions& options) {
    return options.list->Read(0, options.plan.urls().size_bytes()).value_or("");
  }

  static std::vector<std::string> WordsOf(const RunOptions& options) {
    std::vector<std::string> words;
    for (const v1::ListedRequest& listed : options.plan.urls().requests()) {
      words.push_back(listed.word());
    }
    return words;
  }
};

TEST_F(ListFormats, TheFirstEntryTellsTheFormat) {
  const struct {
    std::string name, text;
    v1::ListFormat want;
  } kCases[] = {
      {"a URL", "http://h/\n", v1::LIST_FORMAT_URLS},
      {"a path", "# GET /x\n\n/a\n", v1::LIST_FORMAT_URLS},
      {"a method", "# comment\n  GET /a\n", v1::LIST_FORMAT_REQUESTS},
      {"a method and a tab", "DELETE\t/a", v1::LIST_FORMAT_REQUESTS},
  };
  for (const auto& c : kCases) {
    const auto options = List(c.text);
    ASSERT_TRUE(options.ok()) << c.name << ": " << options.status();
    EXPECT_EQ(options->list->format(), c.want) << c.name;
    EXPECT_EQ(TextOf(*options), c.text) << c.name;
  }
}

TEST_F(ListFormats, AMethodForEachLine) {
  const auto options =
      List("GET /a\n# x\nPOST /b\nGET http://other/c\n", {"-H", "A: b", "-d", "body", "-n", "5"});
  ASSERT_TRUE(options.ok()) << options.status();
  const v1::Plan& plan = options->plan;
  EXPECT_THAT(WordsOf(*options), ElementsAre("GET", "POST"));
  EXPECT_EQ(plan.urls().entries(), 3u);
  for (const v1::ListedRequest& listed : plan.urls().requests()) {
    EXPECT_EQ(listed.request().method(), listed.word());
    EXPECT_EQ(listed.request().body(), "body");
    EXPECT_EQ(listed.request().headers(0).value(), "b");
  }
  EXPECT_FALSE(plan.request().has_body());
  EXPECT_EQ(plan.request().url(), kBase);
  v1::Plan resolved = plan;
  resolved.set_concurrency(1);
  EXPECT_TRUE(CheckPlan(resolved).ok()) << CheckPlan(resolved);
}

// Nothing of a bad list is sent.
TEST_F(ListFormats, BadLines) {
  const std::string good = LogLine("36", "GET /a HTTP/1.1");
  const struct {
    std::string name, text;
    std::vector<std::string> words;
    std::string want;
  } kCases[] = {
      {"no URL", "GET /a\nGET\n", {}, "list:2:4: no URL behind GET: write METHOD URL"},
      {"no method",
       "GET /a\n\n  /b\n",
       {},
       "list:3:3: /b: no method in front of it, which other lines have: did you mean GET /b?"},
      {"lower case",
       "GET /a\npost /b\n",
       {},
       "list:2:1: post: methods are in upper case: did you mean POST?"},
      {"a request line",
       "GET /a HTTP/1.1\n",
       {},
       "list:1:8: HTTP/1.1: leave it out: the line ends with the URL"},
      {"a blank in the URL",
       "GET /a\tb\n",
       {},
       "list:1:8: b: behind the URL: write %20 for a blank in it, or leave it out"},
      {"no such URL",
       "GET /a\nGET ftp://b/\n",
       {},
       "list:2:5: ftp://b/: ftp:// is not supported: use http:// or https://"},
      {"no scheme",
       "GET /a\n POST  b.test/\n",
       {},
       "list:2:8: b.test/: no scheme: did you mean http://b.test/?"},
      {"a tunnel",
       "GET /a\nCONNECT /b\n",
       {},
       "list:2:1: CONNECT: asks for a tunnel, which is not a request"},
      {"no method at all",
       "/a\n",
       {"--format", "requests"},
       "list:1:1: /a: no method in front of it, which other lines have: did you mean GET /a?"},
      {"nothing", "# a\n", {"--format", "requests"}, "list: has no requests: write one a line"},
      {"a method among URLs",
       "/a\nGET /b\n",
       {},
       "list:2:1: a method in front of the URL, which the first line has not: write one in every "
       "line, or in none"},
      {"an access log",
       good,
       {},
       "list:1:1: looks like a line of an access log: add --format combined"},
      {"no access log",
       good + "\nGET /a\n",
       {"--format", "combined"},
       "list:3:1: no [time] in it: a line of an access log is ADDRESS - - [TIME] \"REQUEST\" …"},
      {"nothing that can be sent",
       LogLine("36", "-"),
       {"--format", "combined"},
       "list: none of its lines names a request that can be sent"},
      {"an empty log", "", {"--format", "combined"}, "list: has no requests: write one a line"},
      {"times of two kinds",
       good + LogLine("37.5", "GET /a HTTP/1.1"),
       {"--format", "combined", "--replay-speed", "1x"},
       "list:2:1: its time has a fraction of a second, which those before have not"},
      {"no JSON",
       "{\"url\": \"/a\"}\n{\"url\": \"/a\"\n",
       {},
       "list:2:13: not JSON from here on: write {\"method\": \"GET\", \"url\": \"/path\"}"},
      {"no object",
       "{\"url\": \"/a\"}\n[1]\n",
       {},
       "list:2:1: not an object: write {\"method\": \"GET\", …}"},
      {"no url", "{\"method\": \"GET\"}\n", {}, "list:1:1: no url: add e.g. \"url\": \"/path\""},
      {"a key that is none",
       "{\"url\": \"/a\", \"headers\": {}}\n",
       {},
       "list:1:15: headers: unknown; did you mean header?"},
      {"a method in lower case",
       "{\"url\": \"/a\", \"method\": \"get\"}\n",
       {},
       "list:1:15: get: methods are in upper case: did you mean GET?"},
      {"a bad URL",
       "{\"method\": \"GET\", \"url\": \"a.test\"}\n",
       {},
       "list:1:19: a.test: no scheme: did you mean http://a.test?"},
      {"no base64",
       "{\"url\": \"/a\", \"body\": \"abc\"}\n",
       {},
       "list:1:15: body: not base64: write the body's bytes in it (RFC 4648)"},
      {"a number", "{\"url\": 7}\n", {}, "list:1:2: url: a text belongs here"},
      {"headers that are none",
       "{\"url\": \"/a\", \"header\": [\"A: b\"]}\n",
       {},
       "list:1:15: header: an object belongs here: {\"Accept\": [\"*/*\"]}"},
      {"a header that is none",
       "{\"url\": \"/a\", \"header\": {\"A B\": \"c\"}}\n",
       {},
       "list:1:26: A B: c: what stands before the colon is not a header's name: write \"Name: "
       "value\""},
      {"a header of the transport",
       "{\"url\": \"/a\", \"header\": {\"expect\": \"c\"}}\n",
       {},
       "list:1:26: expect: is not a line's to say: leave it out"},
      {"a format that is none",
       good,
       {"--format", "combine"},
       "--format combine: must be urls, requests, json or combined: did you mean combined?"},
      {"another form of it",
       good,
       {"--format", "common"},
       "--format common: must be urls, requests, json or combined: did you mean combined? It reads "
       "both"},
      {"a method of the run's",
       "GET /a\n",
       {"-m", "GET"},
       "-m: the lines of the list say their methods: leave it out"},
      {"speed without a log",
       "GET /a\n",
       {"--replay-speed", "1x"},
       "--replay-speed is about an access log: add --format combined"},
      {"no such speed",
       good,
       {"--format", "combined", "--replay-speed", "fast"},
       "--replay-speed fast: write e.g. 1x, 2x or 0.5x; from 0.001x to 1000x"},
      {"too fast",
       good,
       {"--format", "combined", "--replay-speed", "1001x"},
       "--replay-speed 1001x: write e.g. 1x, 2x or 0.5x; from 0.001x to 1000x"},
      {"more than there are",
       good,
       {"--format", "combined", "--replay-speed", "1x", "-n", "2"},
       "-n 2: the list has 1 requests, and its own times only once: lower -n, or leave it out"},
  };
  for (const auto& c : kCases) {
    const auto options = List(c.text, c.words);
    EXPECT_EQ(options.status().message(), c.want) << c.name;
  }
}

TEST_F(ListFormats, ALogsOwnTimesAreNoOtherSchedule) {
  const std::string good = LogLine("36", "GET /a HTTP/1.1");
  const std::vector<std::vector<std::string>> rows = {{"-q", "5"},
                                                      {"-q", "5", "--arrivals", "poisson"},
                                                      {"-z", "5s"},
                                                      {"--warmup", "1s"},
                                                      {"--order", "shuffled"}};
  for (std::vector<std::string> words : rows) {
    const std::string flag = words[0];
    words.insert(words.end(), {"--format", "combined", "--replay-speed", "1x"});
    EXPECT_EQ(
        List(good, words).status().message(),
        fmt::format("--replay-speed and {} exclude each other: the log says when its requests "
                    "are due: remove one",
                    flag));
  }
}

TEST_F(ListFormats, AnAccessLog) {
  const std::string text = LogLine("36", "GET /a?b HTTP/1.1") + LogLine("36", "-") +
                           LogLine("38", "POST /c HTTP/1.1") + LogLine("36", "HEAD /d HTTP/1.1");
  {
    const auto options = List(text, {"--format", "combined"});
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(TextOf(*options), "GET /a?b\nPOST /c\nHEAD /d\n");
    EXPECT_EQ(options->list->remarks().skipped_lines(), 1u);
    EXPECT_EQ(options->list->remarks().first_skipped_line(), 2u);
    EXPECT_FALSE(options->list->remarks().whole_seconds());
    EXPECT_FALSE(options->plan.phases(0).has_arrivals());
    EXPECT_EQ(options->plan.phases(0).requests(), 1000u);
  }
  const auto options = List(text, {"--format", "combined", "--replay-speed", "0.5x"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(TextOf(*options), "0 GET /a?b\n500000 HEAD /d\n2000000 POST /c\n");
  EXPECT_TRUE(options->list->remarks().whole_seconds());
  v1::Plan plan = options->plan;
  EXPECT_TRUE(plan.urls().timed());
  EXPECT_EQ(plan.phases(0).requests(), 3u);
  EXPECT_EQ(plan.phases(0).arrivals().speed_nano(), 500'000'000u);
  EXPECT_EQ(plan.phases(0).arrivals().rate_nano(), 750'000'000u);  // three in four seconds
  plan.set_concurrency(1);
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
}

TEST_F(ListFormats, WhatIsKnownOfAFileIsOfTheFormatAskedFor) {
  ::setenv("XDG_CACHE_HOME", std::filesystem::current_path().c_str(), 1);
  const std::string text = LogLine("36", "GET /a HTTP/1.1") + LogLine("37", "GET /b HTTP/1.1");
  Write("list", text);
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  std::filesystem::last_write_time("list", old);
  std::this_thread::sleep_for(std::chrono::milliseconds(150));  // its inode has just changed
  const auto open = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"--urls", "list", "-u", kBase});
    return Run(words);
  };
  for (const char* time : {"first", "known"}) {
    SCOPED_TRACE(time);
    const auto requests = open({"--format", "combined"});
    ASSERT_TRUE(requests.ok()) << requests.status();
    EXPECT_EQ(TextOf(*requests), "GET /a\nGET /b\n");
    const auto replay = open({"--format", "combined", "--replay-speed", "1x"});
    ASSERT_TRUE(replay.ok()) << replay.status();
    EXPECT_EQ(TextOf(*replay), "0 GET /a\n1000000 GET /b\n");
    EXPECT_TRUE(replay->list->remarks().whole_seconds());
    EXPECT_FALSE(open({}).ok());
  }
  ::unsetenv("XDG_CACHE_HOME");
}

TEST_F(ListFormats, LinesOfJson) {
  const std::string text =
      R"({"method": "PUT", "url": "/a", "header": {"X": ["1", ""], "A": "b"}, "body": "e30="})"
      "\n\n"
      R"({"url": "/b/{{seq}}"})"
      "\n"
      R"({"method": "PUT", "url": "http://o/c", "header": {"X": ["2", "3"], "A": "é"}, "body": ""})";
  const auto options = List(text, {"-H", "a: plan", "-H", "B: {{\"{{\"}}", "-m", "DELETE"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(TextOf(*options),
            "PUT:X,X,A= /a MQ== - Yg== e30=\nDELETE /b/%7B{seq}}\nPUT:X,X,A= http://o/c Mg== Mw== "
            "w6k= -\n");
  v1::Plan plan = options->plan;
  EXPECT_THAT(WordsOf(*options), ElementsAre("PUT:X,X,A=", "DELETE"));
  EXPECT_TRUE(plan.templates());
  const v1::Request& put = plan.urls().requests(0).request();
  EXPECT_EQ(put.method(), "PUT");
  ASSERT_EQ(put.headers_size(), 4);
  EXPECT_EQ(put.headers(0).name(), "B");
  EXPECT_EQ(put.headers(1).name(), "X");
  EXPECT_EQ(put.headers(3).value(), "{{line 2}}");
  EXPECT_EQ(put.body(), "{{line 3}}");
  const v1::Request& other = plan.urls().requests(1).request();
  EXPECT_EQ(other.method(), "DELETE");
  EXPECT_EQ(other.headers_size(), 2);
  EXPECT_FALSE(other.has_body());
  plan.set_concurrency(1);
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
}

TEST_F(ListFormats, PlaceholdersStandInLinesWithMethods) {
  const auto options = List("GET /a?{{int 1 5}}\nPOST /b\n");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_TRUE(options->plan.templates());
  EXPECT_THAT(List("GET /a\nGET /{{sq}}\n").status().message(), HasSubstr("list:2:6: {{sq}}"));
}

}  // namespace
}  // namespace squall
