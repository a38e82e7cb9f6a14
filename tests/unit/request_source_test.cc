#include "agent/request_source.h"

#include <string>

#include <gtest/gtest.h>

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
      {"bad line", "x\n", "a\\x1b[2J:1: x: no scheme: did you mean http://x?"},
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

}  // namespace
}  // namespace squall
