#include "controller/summary.h"

#include <gtest/gtest.h>

#include "tests/support/example_result.h"
#include "tests/support/outcomes.h"

namespace squall {
namespace {

TEST(ErrorRows, CountEveryFailureOnce) {
  const Metrics metrics = ExampleResult().fleet;
  const std::vector<ErrorRow> rows = ErrorRows(metrics);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].kind, FailureName(v1::FAILURE_KIND_TIMEOUT));
  EXPECT_EQ(rows[0].count, 3u);
  EXPECT_EQ(rows[0].samples.size(), 3u);
  EXPECT_EQ(rows[1].kind, "status 404");
  EXPECT_EQ(rows[1].count, 2u);
  EXPECT_EQ(rows[2].kind, "status 503");
  EXPECT_EQ(rows[0].count + rows[1].count + rows[2].count, metrics.failed);
}

TEST(ErrorRows, SortEqualCountsByName) {
  Metrics metrics;
  metrics.Add(0, {.service = 1}, Response(503));
  metrics.Add(1, {.service = 1}, Response(404));
  EXPECT_EQ(ErrorRows(metrics)[0].kind, "status 404");
}

TEST(Percentile, IsTheMaximumExactlyIfItsRankIsTheLast) {
  for (const Percentile& percentile : kPercentiles) {
    for (uint64_t count = 1; count <= 20'000; ++count) {
      const uint64_t rank = (count * percentile.per_10000 + 9999) / 10000;
      ASSERT_EQ(percentile.IsMaximum(count), rank == count) << percentile.name << " of " << count;
    }
  }
}

TEST(PerSecond, IsNothingInNoTime) {
  EXPECT_EQ(PerSecond(10, 4 * kSecond), 2.5);
  EXPECT_EQ(PerSecond(10, 0), 0);
}

TEST(WithoutPassword, HidesOnlyThePassword) {
  const struct {
    const char* url;
    const char* text;
  } kCases[] = {
      {"", ""},
      {"http://host/a?b=c@d:e", "http://host/a?b=c@d:e"},
      {"http://host:80/", "http://host:80/"},
      {"http://user@host:80/", "http://user@host:80/"},
      {"http://user:secret@host:80/", "http://user:***@host:80/"},
      {"http://user:s@cr:t@host", "http://user:***@host"},
      {"http://host?a:b@c", "http://host?a:b@c"},
      {"user:secret@proxy:3128", "user:***@proxy:3128"},
  };
  for (const auto& c : kCases) EXPECT_EQ(WithoutPassword(c.url), c.text);
}

TEST(WithoutSecrets, KeepsOnlySizes) {
  v1::Plan plan;
  plan.set_seed(7);
  plan.mutable_request()->set_url("http://me:secret@host/");
  plan.mutable_request()->set_body("secret");
  for (const char* name : {"Cookie", "Accept"}) {
    v1::Header* header = plan.mutable_request()->add_headers();
    header->set_name(name);
    header->set_value("secret");
  }
  plan.mutable_transport()->set_client_key_pem("secret key");
  plan.add_insertions()->set_name("TOKEN");
  plan.mutable_insertions(0)->set_value("secret");
  const v1::Plan shown = WithoutSecrets(plan);
  EXPECT_EQ(shown.seed(), 7u);
  EXPECT_EQ(shown.request().url(), "http://me:***@host/");
  EXPECT_EQ(shown.request().body(), "******");
  EXPECT_EQ(shown.request().headers(0).value(), "***");
  EXPECT_EQ(shown.request().headers(1).value(), "secret");
  EXPECT_EQ(shown.transport().client_key_pem(), "**********");
  EXPECT_EQ(shown.insertions(0).name(), "TOKEN");
  EXPECT_EQ(shown.insertions(0).value(), "");
  EXPECT_EQ(WithoutSecrets(shown).SerializeAsString(), shown.SerializeAsString());
  EXPECT_FALSE(WithoutSecrets(v1::Plan()).request().has_body());
}

TEST(IsSecretHeader, KnowsCredentials) {
  EXPECT_TRUE(IsSecretHeader("Authorization"));
  EXPECT_TRUE(IsSecretHeader("proxy-authorization"));
  EXPECT_TRUE(IsSecretHeader("COOKIE"));
  EXPECT_FALSE(IsSecretHeader("Accept"));
}

}  // namespace
}  // namespace squall
