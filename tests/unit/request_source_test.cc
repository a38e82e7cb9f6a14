#include "agent/request_source.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_split.h"

namespace squall {
namespace {

v1::Plan PlanWithList(const std::string& name, uint64_t entries) {
  v1::Plan plan;
  plan.mutable_urls()->set_name(name);
  plan.mutable_urls()->set_entries(entries);
  plan.mutable_urls()->set_order(v1::ORDER_SEQUENTIAL);
  return plan;
}

TEST(RequestSource, RefusalsNameTheListInAFormThatIsSafeToPrint) {
  struct Case {
    std::string name, text, want;
  };
  const Case cases[] = {
      {"bad line", "x\n", "a\\x1b[2J:1:1: x: no scheme: did you mean http://x?"},
      {"another number of entries", "http://h/\n",
       "a\\x1b[2J: 1 URLs arrived where the plan says 2; are controller and agent of the same "
       "version?"},
  };
  for (const Case& c : cases) {
    const auto source = RequestSource::Create(PlanWithList("a\x1b[2J", 2), c.text);
    EXPECT_EQ(source.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_EQ(source.status().message(), c.want) << c.name;
  }
}

TEST(RequestSource, KnowsWhetherAnyUrlIsHttps) {
  v1::Plan one;
  one.mutable_request()->set_url("http://h/https:");
  EXPECT_FALSE(RequestSource::Create(one, "")->any_https());
  one.mutable_request()->set_url("HTTPS://h/");
  EXPECT_TRUE(RequestSource::Create(one, "")->any_https());

  EXPECT_FALSE(
      RequestSource::Create(PlanWithList("l", 2), "http://h/\nhttp://https/\n")->any_https());
  EXPECT_TRUE(RequestSource::Create(PlanWithList("l", 2), "http://h/\nHttps://h/\n")->any_https());
  v1::Plan joined = PlanWithList("l", 1);
  joined.mutable_request()->set_url("https://h");
  EXPECT_TRUE(RequestSource::Create(joined, "/a\n")->any_https());
  EXPECT_FALSE(RequestSource::Create(joined, "http://h/\n")->any_https());
}

// Two that are always the same, and one with values and a row of its own for each of its uses.
v1::Plan MixedPlan(const std::string& feeder, uint64_t rows) {
  v1::Plan plan;
  plan.set_seed(5);
  plan.set_templates(true);
  plan.mutable_feeder()->set_size_bytes(feeder.size());
  plan.mutable_feeder()->set_rows(rows);
  plan.mutable_feeder()->set_order(v1::ORDER_SEQUENTIAL);
  const struct {
    uint32_t weight;
    const char* url;
  } kRequests[] = {{4, "http://a/list"},
                   {3, "http://a/{{col id}}/{{seq}}/{{hex 8}}"},
                   {2, "https://b/{{col id}}/{{seq}}/{{hex 8}}"}};
  for (const auto& row : kRequests) {
    v1::NamedRequest& named = *plan.add_mix();
    named.set_weight(row.weight);
    named.mutable_request()->set_method("GET");
    named.mutable_request()->set_url(row.url);
  }
  return plan;
}

TEST(RequestSource, NamedRequests) {
  const std::string rows = "id\nx\ny\nz\n";
  const auto source = RequestSource::Create(MixedPlan(rows, 3), "", rows);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_TRUE(source->renders());
  EXPECT_TRUE(source->any_https());
  EXPECT_EQ(source->Origins(),
            (std::vector<Origin>{OriginOf("http://a/"), OriginOf("https://b/")}));
  EXPECT_TRUE(source->templates(0)->fixed());
  std::map<uint32_t, std::map<std::string, int>> rows_of;
  std::set<std::string> drawn;
  for (uint64_t n = 0; n < 900; ++n) {
    std::string url;
    source->Url(n, url);
    std::string again;
    const uint32_t request = source->RequestOf(n);
    source->Url(source->Input(n, request), again);
    EXPECT_EQ(url, again);
    if (request == 0) {
      EXPECT_EQ(url, "http://a/list");
      continue;
    }
    const std::vector<std::string> parts = absl::StrSplit(url, '/');
    EXPECT_EQ(parts[2], request == 1 ? "a" : "b");
    ++rows_of[request][parts[3]];
    EXPECT_EQ(parts[4], std::to_string(n)) << "the number among all of them";
    EXPECT_TRUE(drawn.insert(parts[5]).second) << "values of one say nothing of another's";
  }
  // 300 and 200 uses.
  EXPECT_EQ(rows_of[1], (std::map<std::string, int>{{"x", 100}, {"y", 100}, {"z", 100}}));
  EXPECT_EQ(rows_of[2], (std::map<std::string, int>{{"x", 67}, {"y", 67}, {"z", 66}}));
}

TEST(RequestSource, NamedRequestsWithoutPlaceholders) {
  v1::Plan plan = MixedPlan("", 0);
  plan.clear_feeder();
  plan.set_templates(false);
  const auto source = RequestSource::Create(plan, "");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_TRUE(source->renders());
  EXPECT_EQ(source->templates(1), nullptr);
  std::string url;
  for (uint64_t n = 0; n < 9; ++n) {
    source->Url(n, url);
    EXPECT_EQ(url, plan.mix(static_cast<int>(source->RequestOf(n))).request().url());
  }
}

}  // namespace
}  // namespace squall
