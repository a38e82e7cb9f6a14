// Credentials, cookies and compression, from flags to the plan.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/plan_check.h"
#include "common/request_templates.h"
#include "controller/gzip.h"
#include "controller/report_json.h"
#include "controller/report_text.h"
#include "controller/result_proto.h"
#include "controller/summary.h"
#include "tests/unit/run_options_support.h"

namespace squall {
namespace {

constexpr char kSecret[] = "hunter2";

class Sending : public RunOptionsTest {
 protected:
  Sending() {
    Write("password", "hunter2\n");
    Write("crlf", "hunter2\r\n");
    Write("token", "hunter2\n");
    Write("lines", "hunter2\nhunter2\n");
    Write("blank", "hunter2 hunter2");
    Write("empty", "\n");
    setenv("SQUALL_TEST_TOKEN", "hunter2", 1);
    setenv("SQUALL_TEST_BAD_TOKEN", "hunter2 x", 1);
    unsetenv("SQUALL_PASSWORD");
  }
  ~Sending() override {
    for (const char* name : {"SQUALL_TEST_TOKEN", "SQUALL_TEST_BAD_TOKEN", "SQUALL_PASSWORD"}) {
      unsetenv(name);
    }
  }

  static std::string Value(const v1::Plan& plan, const std::string& name) {
    for (const v1::Header& header : plan.request().headers()) {
      if (header.name() == name) return header.value();
    }
    return "none";
  }
};

TEST_F(Sending, CredentialsAreAHeader) {
  const std::string basic = "Basic YW5uOmh1bnRlcjI=";  // ann:hunter2
  const struct {
    std::vector<std::string> words;
    std::string want;
  } kCases[] = {
      {{"--user", "ann:hunter2"}, basic},
      {{"--user", "ann:@password"}, basic},
      {{"--user", "ann:@crlf"}, basic},
      {{"--user", "ann:"}, "Basic YW5uOg=="},
      {{"--bearer-file", "token"}, "Bearer hunter2"},
      {{"--bearer-env", "SQUALL_TEST_TOKEN"}, "Bearer hunter2"},
  };
  for (const auto& test : kCases) {
    std::vector<std::string> words = test.words;
    words.emplace_back("http://h/");
    const auto options = Run(words);
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(Value(options->plan, "Authorization"), test.want) << words[1];
    EXPECT_EQ(options->plan.transport().kind(), v1::TRANSPORT_KIND_HTTP1);
  }
  setenv("SQUALL_PASSWORD", kSecret, 1);
  const auto options = Run({"--user", "ann", "http://h/"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(Value(options->plan, "Authorization"), basic);
}

TEST_F(Sending, NoReportHasASecret) {
  const std::vector<std::vector<std::string>> cases = {
      {"--user", "ann:hunter2"}, {"--bearer-file", "token"}, {"-b", "session=hunter2"}};
  for (const std::vector<std::string>& words : cases) {
    std::vector<std::string> all = words;
    all.emplace_back("http://h/");
    const auto options = Run(all);
    ASSERT_TRUE(options.ok()) << options.status();
    RunResult result;
    result.plan = options->plan;
    for (const std::string& shown :
         {TextReport(result, {}), JsonReport(result), WithoutSecrets(result.plan).DebugString()}) {
      EXPECT_EQ(shown.find(kSecret), std::string::npos) << shown;
      EXPECT_EQ(shown.find("YW5uOmh1bnRlcjI"), std::string::npos) << shown;
    }
  }
}

TEST_F(Sending, CookiesAreOneHeader) {
  const auto options = Run({"-b", "a=b", "--cookie", "c=", "http://h/"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(Value(options->plan, "Cookie"), "a=b; c=");
  EXPECT_EQ(options->plan.transport().kind(), v1::TRANSPORT_KIND_HTTP1);
}

TEST_F(Sending, ABodyIsCompressedOnce) {
  const auto options = Run({"-d", "hello", "--compress-body", "http://h/"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.request().body(), *Gzip("hello"));
  EXPECT_EQ(Value(options->plan, "Content-Encoding"), "gzip");
}

TEST_F(Sending, BracesInWhatIsAddedMeanNothing) {
  const auto plain = Run({"-b", "a={{b", "--user", "ann:x", "http://h/"});
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(Value(plain->plan, "Cookie"), "a={{b");
  EXPECT_FALSE(plain->plan.templates());
  const auto beside = Run({"-b", "a={{b", "http://h/{{seq}}"});
  ASSERT_TRUE(beside.ok()) << beside.status();
  EXPECT_EQ(Value(beside->plan, "Cookie"), "a={{\"{{\"}}b");
  const auto templates = RequestTemplates::Compile(beside->plan, 0, nullptr);
  ASSERT_TRUE(templates.ok()) << templates.status();
  EXPECT_EQ(templates->Settled(beside->plan.request()).headers(0).value(), "a={{b");
}

TEST_F(Sending, ACompressedBodyIsTheRenderedOne) {
  setenv("SQUALL_TEST_WORD", "hello", 1);
  const auto options =
      Run({"-d", "{{env SQUALL_TEST_WORD}}", "--compress-body", "http://h/{{seq}}"});
  unsetenv("SQUALL_TEST_WORD");
  ASSERT_TRUE(options.ok()) << options.status();
  const auto templates = RequestTemplates::Compile(options->plan, 0, nullptr);
  ASSERT_TRUE(templates.ok()) << templates.status();
  EXPECT_EQ(templates->Settled(options->plan.request()).body(), *Gzip("hello"));
}

TEST_F(Sending, WhatHttp1CannotDoIsLeftToCurl) {
  const struct {
    std::vector<std::string> words;
    std::string obstacle;
  } kCases[] = {
      {{"--compressed"}, "decoding of answers (--compressed)"},
      {{"--cookies"}, "jars of cookies (--cookies)"},
      {{"--expect-continue", "-d", "x"}, "a header Expect"},
  };
  for (const auto& test : kCases) {
    std::vector<std::string> words = test.words;
    words.emplace_back("http://h/");
    auto options = Run(words);
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(options->plan.transport().kind(), v1::TRANSPORT_KIND_CURL);
    EXPECT_EQ(WhatNeedsCurl(options->plan), test.obstacle);
    options->plan.set_concurrency(1);
    EXPECT_TRUE(CheckPlan(options->plan).ok()) << CheckPlan(options->plan);
    words.insert(words.begin(), {"--transport", "http1"});
    EXPECT_EQ(Run(words).status().message(), "--transport http1 cannot do " + test.obstacle +
                                                 ": leave it out, or write --transport curl");
  }
}

TEST_F(Sending, BadInputIsRefusedAndNoSecretTold) {
  const std::string both = " exclude each other: remove one";
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--user", ""}, "--user: a name is missing: write NAME, NAME:@FILE or NAME:PASSWORD"},
      {{"--user", ":hunter2"},
       "--user: a name is missing: write NAME, NAME:@FILE or NAME:PASSWORD"},
      {{"--user", "ann"},
       "--user: no password: write NAME:@FILE, or set SQUALL_PASSWORD in the environment"},
      {{"--user", "ann:@hunter2"},
       "--user NAME:@FILE: the file cannot be read: there is none of that name"},
      {{"--user", "ann:@."},
       "--user NAME:@FILE: the file cannot be read: it is no file of at most 1 MiB"},
      {{"--user", "ann:@empty"}, "--user NAME:@FILE: the file is empty"},
      {{"--user", "ann:@lines"},
       "--user: neither name nor password may have line breaks or other control characters"},
      {{"--user", "ann:hunter2\x01"},
       "--user: neither name nor password may have line breaks or other control characters"},
      {{"--user", "ann:hunter2", "--bearer-file", "token"}, "--user and --bearer-file" + both},
      {{"--bearer-file", "token", "--bearer-env", "SQUALL_TEST_TOKEN"},
       "--bearer-file and --bearer-env" + both},
      {{"--user", "ann:hunter2", "-H", "authorization: hunter2"},
       "--user sends the header Authorization itself: leave out -H for it, or --user"},
      {{"--user", "ann:hunter2", "-u", "http://me@h/"}, "--user and a user in the URL" + both},
      {{"--bearer-file", "none"},
       "--bearer-file: the file cannot be read: there is none of that name"},
      {{"--bearer-file", "blank"},
       "--bearer-file: no token: it is one word of at most 64 KiB, without blanks"},
      {{"--bearer-env", "hunter2"},
       "--bearer-env: no such variable in the environment: name the one that has the token"},
      {{"--bearer-env", "hunter2.x"},
       "--bearer-env: not the name of a variable: the token itself does not stand here"},
      {{"--bearer-env", "SQUALL_TEST_BAD_TOKEN"},
       "--bearer-env: no token: it is one word of at most 64 KiB, without blanks"},
      {{"-b", "hunter2"}, "-b: no cookie: write NAME=VALUE, without semicolons, and -b for each"},
      {{"-b", "a=hunter2; c=d"},
       "-b: no cookie: write NAME=VALUE, without semicolons, and -b for each"},
      {{"-b", "a=hunter2", "-H", "Cookie: hunter2"},
       "-b sends the header Cookie itself: leave out -H for it, or -b"},
      {{"-b", "a=hunter2", "--cookies", "--follow"},
       "-b, --cookies and --follow exclude each other: libcurl would send the cookie wherever a "
       "redirect leads: leave out one"},
      {{"--cookies", "-H", "Cookie: a={{seq}}"},
       "-H Cookie: beside --cookies it cannot have placeholders: one header has those of the jar "
       "as well: leave out one"},
      {{"-b", "a=hunter2 "},
       "-b: no cookie: write NAME=VALUE, without semicolons, and -b for each"},
      {{"--compress-body", "-d", "{{seq}}"},
       "--compress-body: the body has placeholders, and would be another one for each request: "
       "leave out one"},
      {{"--compress-body"}, "--compress-body is about a body: give one by -d or -D"},
      {{"--compress-body", "-d", "x", "-H", "Content-Encoding: br"},
       "--compress-body sends the header Content-Encoding itself: leave out -H for it, or "
       "--compress-body"},
      {{"--compressed", "-H", "Accept-Encoding: br"},
       "--compressed sends the header Accept-Encoding itself: leave out -H for it, or "
       "--compressed"},
      {{"--expect-continue"}, "--expect-continue is about a body: give one by -d or -D"},
      {{"--expect-continue", "-d", "x", "--http2"}, "--expect-continue and --http2" + both},
      {{"--expect-continue", "-d", "x", "-H", "Expect: x"},
       "--expect-continue sends the header Expect itself: leave out -H for it, or "
       "--expect-continue"},
  };
  for (const auto& [flags, want] : cases) {
    std::vector<std::string> words = flags;
    if (std::find(words.begin(), words.end(), "-u") == words.end()) words.emplace_back("http://h/");
    const auto options = Run(words);
    ASSERT_FALSE(options.ok()) << want;
    EXPECT_EQ(options.status().message(), want);
    EXPECT_EQ(std::string(options.status().message()).find(kSecret), std::string::npos);
  }
}

}  // namespace
}  // namespace squall
