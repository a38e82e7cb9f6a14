#include "common/request_templates.h"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/request_source.h"
#include "common/plan_check.h"
#include "common/protocol.h"

namespace squall {
namespace {

v1::Plan PlanWith(const std::string& url, uint64_t seed = 1) {
  v1::Plan plan;
  plan.set_seed(seed);
  plan.set_templates(true);
  plan.mutable_request()->set_method("GET");
  plan.mutable_request()->set_url(url);
  return plan;
}

void Feed(v1::Plan& plan, const std::string& text, uint64_t rows, v1::Order order) {
  plan.mutable_feeder()->set_size_bytes(text.size());
  plan.mutable_feeder()->set_rows(rows);
  plan.mutable_feeder()->set_order(order);
  plan.mutable_feeder()->set_name("f.csv");
}

void List(v1::Plan& plan, const std::string& text, uint64_t entries) {
  plan.mutable_urls()->set_size_bytes(text.size());
  plan.mutable_urls()->set_entries(entries);
  plan.mutable_urls()->set_order(v1::ORDER_SEQUENTIAL);
}

std::string UrlOf(const RequestSource& source, uint64_t n) {
  std::string url;
  source.Url(n, url);
  return url;
}

TEST(RequestTemplates, UrlWithoutItsFragment) {
  const auto source = RequestSource::Create(PlanWith("http://h/{{seq}}?a#b{{seq}}"), "");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(UrlOf(*source, 7), "http://h/7?a");
  EXPECT_EQ(source->Origins(), std::vector<Origin>{OriginOf("http://h/")}) << "the policy's";
}

TEST(RequestTemplates, EachRowOnceBeforeAnyRepeats) {
  const std::string text = "id,x\n1,a\n2,b\n3,c\n";
  v1::Plan plan = PlanWith("http://h/{{col id}}{{col x}}");
  Feed(plan, text, 3, v1::ORDER_SEQUENTIAL);
  const auto source = RequestSource::Create(plan, "", text);
  ASSERT_TRUE(source.ok()) << source.status();
  for (const uint64_t pass : {0u, 1u, 1000u}) {
    std::map<std::string, int> seen;
    for (uint64_t n = 3 * pass; n < 3 * pass + 3; ++n) ++seen[UrlOf(*source, n)];
    EXPECT_EQ(seen, (std::map<std::string, int>{
                        {"http://h/1a", 1}, {"http://h/2b", 1}, {"http://h/3c", 1}}));
  }
}

TEST(RequestTemplates, RowsAtRandomAreNotTheListsOrder) {
  std::string text = "id\n";
  std::string list;
  for (int i = 0; i < 100; ++i) {
    text += std::to_string(i) + "\n";
    list += "/" + std::to_string(i) + "/{{col id}}\n";
  }
  v1::Plan plan = PlanWith("http://h");
  Feed(plan, text, 100, v1::ORDER_RANDOM);
  List(plan, list, 100);
  plan.mutable_urls()->set_order(v1::ORDER_RANDOM);
  const auto source = RequestSource::Create(plan, list, text);
  ASSERT_TRUE(source.ok()) << source.status();
  int same = 0;
  for (uint64_t n = 0; n < 1000; ++n) {
    const std::string url = UrlOf(*source, n);
    const size_t slash = url.rfind('/');
    if (url.substr(9, slash - 9) == url.substr(slash + 1)) ++same;
  }
  EXPECT_LT(same, 40);
}

TEST(RequestTemplates, LinesWithPlaceholdersOnlyWhereThePlanHasThem) {
  const std::string list = "http://h/a\nhttp://i/{{seq}}\n";
  v1::Plan plan = PlanWith("");
  List(plan, list, 2);
  const auto rendered = RequestSource::Create(plan, list);
  ASSERT_TRUE(rendered.ok()) << rendered.status();
  EXPECT_EQ(rendered->Origins(),
            (std::vector<Origin>{OriginOf("http://h/"), OriginOf("http://i/")}));
  EXPECT_EQ(UrlOf(*rendered, 1), "http://i/1");
  plan.set_templates(false);
  const auto plain = RequestSource::Create(plan, list);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(UrlOf(*plain, 1), "http://i/{{seq}}");
  const std::string blanks = "http://h/\n# x\nhttp://h/{{int 1 9}}\n";
  List(plan, blanks, 2);
  EXPECT_THAT(std::string(RequestSource::Create(plan, blanks).status().message()),
              testing::HasSubstr(":3: "));
}

TEST(RequestTemplates, ALineThatHasBecomeAnotherLeadsNowhere) {
  std::string list = "http://h/{{int 1 9}}\nhttp://h/{{seq}}\n";
  v1::Plan plan = PlanWith("");
  List(plan, list, 2);
  absl::StatusOr<ListText> text = ListText::InMemory(list, "list", "");
  ASSERT_TRUE(text.ok()) << text.status();
  const std::string other = "http://h/{{int 1 8}}\nhttp://h/{{seq}}\n";
  ListText listed = *text;
  const auto source = RequestSource::Create(plan, std::move(listed), "");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_NE(UrlOf(*source, 0), UrlList::kDamaged);
  // The text is the same memory.
  auto* memory = const_cast<char*>(text->text.data());
  std::copy(other.begin(), other.end(), memory);
  EXPECT_EQ(UrlOf(*source, 0), UrlList::kDamaged);
  EXPECT_EQ(UrlOf(*source, 1), "http://h/1");
  EXPECT_TRUE(source->damaged());
}

TEST(RequestTemplates, OfManyDifferentPlaceholdersInAListThereIsAnEnd) {
  LineTemplates lines;
  const v1::Plan plan = PlanWith("");
  const Insertions insertions = InsertionsOf(plan);
  const TemplateScope scope = UrlScope(plan, 0, nullptr, insertions);
  for (size_t i = 0; i < kMaxLinePlaceholders; ++i) {
    ASSERT_TRUE(lines.Add(fmt::format("http://h/{{{{int 1 {}}}}}", i + 1), scope).ok());
  }
  EXPECT_TRUE(lines.Add("http://h/{{int 1 7}}", scope).ok()) << "it is known";
  EXPECT_THAT(std::string(lines.Add("http://h/{{seq}}", scope).message()),
              testing::HasSubstr("more than 100000 different placeholders"));
}

TEST(RequestTemplates, LinesOfAListHaveTheValuesOfOneUrl) {
  const std::string list = "/{{\"{{\"}}{{int 1 9}}/{{int 1 9}}?{{uuid}}\n/plain\n";
  v1::Plan listed = PlanWith("http://h");
  List(listed, list, 2);
  const auto lines = RequestSource::Create(listed, list);
  ASSERT_TRUE(lines.ok()) << lines.status();
  const auto one =
      RequestSource::Create(PlanWith("http://h/{{\"{{\"}}{{int 1 9}}/{{int 1 9}}?{{uuid}}"), "");
  ASSERT_TRUE(one.ok()) << one.status();
  for (uint64_t n = 0; n < 100; n += 2) {
    EXPECT_EQ(UrlOf(*lines, n), UrlOf(*one, n));
    EXPECT_EQ(UrlOf(*lines, n + 1), "http://h/plain");
  }
}

TEST(RequestTemplates, TheSeedDecides) {
  const std::string url = "http://h/{{int 1 1000000000}}";
  const auto first = RequestSource::Create(PlanWith(url, 1), "");
  const auto same = RequestSource::Create(PlanWith(url, 1), "");
  const auto other = RequestSource::Create(PlanWith(url, 2), "");
  ASSERT_TRUE(first.ok() && same.ok() && other.ok());
  EXPECT_EQ(UrlOf(*first, 5), UrlOf(*same, 5));
  EXPECT_NE(UrlOf(*first, 5), UrlOf(*other, 5));
}

// What an agent says to a controller that has not checked.
TEST(RequestTemplates, AgentsRefuse) {
  const auto check = [](const v1::Plan& plan, const std::string& feeder, const std::string& want) {
    EXPECT_EQ(RequestSource::Create(plan, "", feeder).status().message(), want);
  };
  check(PlanWith("http://h/{{sq}}"), "",
        "request.url: column 10: {{sq}}: no placeholder is called sq: did you mean seq?");
  check(PlanWith("http://{{env HOST}}/"), "",
        "request.url: column 8: placeholders may stand in path and query, not in scheme, host or "
        "port");
  check(PlanWith("http://h/{{file /etc/passwd}}"), "",
        "request.url: column 10: {{file /etc/passwd}}: its contents did not come with the plan");
  check(PlanWith("http://h/{{col id}}"), "",
        "request.url: column 10: {{col id}}: there is no feeder: name a CSV file by --feed");
  v1::Plan fed = PlanWith("http://h/{{col id}}");
  Feed(fed, "id\n1\n", 2, v1::ORDER_SEQUENTIAL);
  check(
      fed, "id\n1\n",
      "f.csv: 1 rows arrived where the plan says 2; are controller and agent of the same version?");
  check(fed, "ix\n1\n2\n",
        "request.url: column 10: {{col id}}: the feeder has no column id: did you mean ix?");
  v1::Plan header = PlanWith("http://h/");
  v1::Insertion& insertion = *header.add_insertions();
  insertion.set_kind(v1::INSERTION_KIND_ENVIRONMENT);
  insertion.set_name("A");
  insertion.set_value("x\r\nEvil: 1");
  header.mutable_request()->add_headers()->set_name("X");
  header.mutable_request()->mutable_headers(0)->set_value("{{env A}}");
  check(header, "",
        "request.headers: column 1: {{env A}}: it has a line break or control character, which a "
        "header cannot hold");
}

}  // namespace
}  // namespace squall
