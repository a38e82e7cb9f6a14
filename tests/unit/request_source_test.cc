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

}  // namespace
}  // namespace squall
