// Which transport carries a plan out: by flags, and by what the plan needs.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/plan_check.h"
#include "controller/run_flags.h"
#include "controller/run_options.h"
#include "tests/support/run_words.h"

namespace squall {
namespace {

absl::StatusOr<RunOptions> Resolve(std::vector<std::string> words) {
  words.insert(words.begin(), "http://h/");
  const absl::StatusOr<RunFlags> flags = squall::testing::ParseRun(std::move(words));
  if (!flags.ok()) return flags.status();
  return ResolveRunOptions(*flags);
}

struct Row {
  std::string name;
  std::vector<std::string> words;
  v1::TransportKind kind;
  std::string need;  // WhatNeedsCurl()
};

TEST(TransportChoice, IsHttp1WhereItCan) {
  const v1::TransportKind http1 = v1::TRANSPORT_KIND_HTTP1;
  const v1::TransportKind curl = v1::TRANSPORT_KIND_CURL;
  const std::vector<Row> rows = {
      {"nothing", {}, http1, ""},
      {"auto", {"--transport", "auto"}, http1, ""},
      {"http1", {"--transport", "http1"}, http1, ""},
      {"curl", {"--transport", "curl"}, curl, ""},
      {"much", {"-d", "x", "-k", "--no-keepalive", "-H", "Host: a", "-c", "9"}, http1, ""},
      {"HTTP/2", {"--http2"}, curl, "HTTP/2"},
      {"redirects", {"--follow"}, curl, "following redirects"},
      {"a proxy", {"--proxy", "http://p"}, curl, "a proxy"},
      {"Expect", {"-H", "expect: 100-continue"}, curl, "a header Expect"},
      {"chunks", {"-H", "Transfer-Encoding: chunked"}, curl, "a header Transfer-Encoding"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const absl::StatusOr<RunOptions> options = Resolve(row.words);
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(options->plan.transport().kind(), row.kind);
    EXPECT_EQ(WhatNeedsCurl(options->plan), row.need);
  }
}

TEST(TransportChoice, TakesHttp2AsAsked) {
  const absl::StatusOr<RunOptions> plain = Resolve({"--http2"});
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->plan.transport().http_version(), v1::HTTP_VERSION_2);
  EXPECT_EQ(plain->plan.transport().streams(), 1u);
  const absl::StatusOr<RunOptions> shared = Resolve({"--http2", "--streams", "10"});
  ASSERT_TRUE(shared.ok()) << shared.status();
  EXPECT_EQ(shared->plan.transport().streams(), 10u);
}

TEST(TransportChoice, RefusesWhatCannotBe) {
  EXPECT_THAT(std::string(Resolve({"--transport", "quic"}).status().message()),
              ::testing::StrEq("--transport quic: must be http1, curl or auto"));
  EXPECT_THAT(std::string(Resolve({"--transport", "http1", "--http2"}).status().message()),
              ::testing::StartsWith("--transport http1 cannot do HTTP/2"));
}

}  // namespace
}  // namespace squall
