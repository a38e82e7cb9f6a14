#include "controller/curl_words.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST(ShellWords, TakesALineApart) {
  const auto words = ShellWords("curl  'a b' \"c\\\"d\\n\" e\\ f \\\n  $'g\\nh\\'' i'j'\"k\" ''");
  ASSERT_TRUE(words.ok()) << words.status();
  EXPECT_THAT(*words, ElementsAre("curl", "a b", "c\"d\\n", "e f", "g\nh'", "ijk", ""));
  EXPECT_THAT(ShellWords(" \n ").value(), ElementsAre());
  EXPECT_FALSE(ShellWords("curl 'a").ok());
  EXPECT_FALSE(ShellWords("curl \"a").ok());
}

TEST(PlanFromCurl, WhatBrowsersGive) {
  const struct {
    const char* line;
    const char* plan;
  } rows[] = {
      {"curl http://127.0.0.1/", "url: \"http://127.0.0.1/\"\n"},
      {"curl api.test", "url: \"http://api.test\"\n"},
      {"curl -sSkL 'http://a/?b=c&d'", "url: \"http://a/?b=c&d\"\ninsecure: true\nfollow: true\n"},
      {"curl -XPUT -m5 http://a/", "url: \"http://a/\"\nmethod: PUT\ntimeout: 5s\n"},
      {"curl 'http://a/' \\\n -H 'Accept: */*' \\\n --compressed-not", nullptr},
      {"curl http://a/ -H 'Accept: */*' -A me -b 'x=y'",
       "url: \"http://a/\"\nheader:\n  - \"Accept: */*\"\n  - \"User-Agent: me\"\n  - \"Cookie: "
       "x=y\"\n"},
      {"curl http://a/ -d a=1 -d b=2",
       "url: \"http://a/\"\nheader:\n  - \"Content-Type: application/x-www-form-urlencoded\"\n"
       "data: \"a=1&b=2\"\n"},
      {"curl http://a/ -H 'content-type: text/plain' --data-binary @body.txt",
       "url: \"http://a/\"\nheader:\n  - \"content-type: text/plain\"\ndata_file: body.txt\n"},
      {"curl http://a/ --json '{}'",
       "url: \"http://a/\"\nheader:\n  - \"Content-Type: application/json\"\n"
       "  - \"Accept: application/json\"\ndata: \"{}\"\n"},
      {"curl -G http://a/ -d x=1 -d y=2", "url: \"http://a/?x=1&y=2\"\n"},
      {"curl -u ann:x --compressed http://a/",
       "url: \"http://a/\"\nuser: \"ann:x\"\ncompressed: true\n"},
      {"curl http://a/ -H 'X: {{uuid}}'",
       "url: \"http://a/\"\nno_templates: true\nheader:\n  - \"X: {{uuid}}\"\n"},
      {"curl -I http://a/ -o /dev/null", "url: \"http://a/\"\nmethod: HEAD\n"},
      {"curl --resolve a:80:1.1.1.1 --resolve b:80:1.1.1.2 http://a/",
       "url: \"http://a/\"\nresolve:\n  - \"a:80:1.1.1.1\"\n  - \"b:80:1.1.1.2\"\n"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.line);
    const absl::StatusOr<std::string> plan = PlanFromCurl({row.line});
    ASSERT_EQ(plan.ok(), row.plan != nullptr) << plan.status();
    if (row.plan != nullptr) {
      EXPECT_EQ(*plan, row.plan);
    }
  }
  EXPECT_EQ(PlanFromCurl({"curl", "-X", "PUT", "http://a/"}).value(),
            "url: \"http://a/\"\nmethod: PUT\n");
}

TEST(PlanFromCurl, Refusals) {
  const struct {
    const char* line;
    const char* reason;
  } rows[] = {
      {"", "no command of curl"},
      {"wget http://a/", "no command of curl"},
      {"curl", "no URL"},
      {"curl 'http://a/", "curl's words: a quote without its end"},
      {"curl http://a/ http://b/", "http://b/: a second URL"},
      {"curl --url http://a/ --url http://b/", "http://b/: a second URL"},
      {"curl http://a/ -H", "curl's --header: its value is missing"},
      {"curl http://a/ --ftp-pasv", "curl's --ftp-pasv: has no counterpart here"},
      {"curl http://a/ -Z", "curl's -Z: has no counterpart here"},
      {"curl http://a/ -d @a -d b", "a body of several parts"},
      {"curl http://a/ -d b -d @a", "a body of several parts"},
      {"curl -G http://a/ -d @a", "curl's --get with a file"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.line);
    const absl::StatusOr<std::string> plan = PlanFromCurl({row.line});
    ASSERT_FALSE(plan.ok()) << *plan;
    EXPECT_THAT(std::string(plan.status().message()), StartsWith(row.reason));
  }
}

}  // namespace
}  // namespace squall
