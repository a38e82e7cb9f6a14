#include "common/body_pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(BodyPattern, Matches) {
  const struct {
    const char* pattern;
    const char* body;
    bool matches;
    bool plain;
    bool holds_of_more;
  } kCases[] = {
      {"hello", "say hello!", true, true, true},
      {"hello", "say hell", false, true, true},
      {"größe", "die größe", true, true, true},
      {"h.llo", "hallo", true, false, true},
      {"^hello$", "hello", true, false, false},
      {"^hello$", "hello!", false, false, false},
      {"^hello", "hello!", true, false, true},
      {"a.b", "a\nb", false, false, true},
      {"(?s)a.b", "a\nb", true, false, true},
      {"(?i)HELLO", "Hello", true, false, true},
      {"\\bid\\b", "\"id\": 7", true, false, false},
      {"\\d{3}", "17 4", false, false, true},
      {"x", "", false, true, true},
  };
  for (const auto& test : kCases) {
    const absl::StatusOr<BodyPattern> pattern = BodyPattern::Make(test.pattern);
    ASSERT_TRUE(pattern.ok()) << pattern.status();
    EXPECT_EQ(pattern->Matches(test.body), test.matches) << test.pattern << " " << test.body;
    EXPECT_EQ(pattern->is_plain(), test.plain) << test.pattern;
    EXPECT_EQ(pattern->holds_of_more(), test.holds_of_more) << test.pattern;
    EXPECT_EQ(pattern->text(), test.pattern);
  }
}

TEST(BodyPattern, IsRefusedWithThePlaceAndAWayOut) {
  const std::string way_out = ": a backslash before a sign takes its meaning (RE2's syntax)";
  const struct {
    std::string pattern;
    std::string want;
  } kCases[] = {
      {"", "\"\": would match any body: write what must be in it"},
      {"a(b", "a(b: character 2: missing )" + way_out},
      {"(a)b)", "(a)b): character 5: unexpected )" + way_out},
      {"[a(]b)", "[a(]b): character 6: unexpected )" + way_out},
      {"a[b", "a[b: character 2: missing ]" + way_out},
      {"a**", "a**: character 2: bad repetition operator" + way_out},
      {"*a", "*a: character 1: no argument for repetition operator" + way_out},
      {"[z-a]", "[z-a]: character 2: invalid character class range" + way_out},
      {"a\\", "a\\: trailing \\" + way_out},
      {"(?=a)", "(?=a): character 1: invalid perl operator" + way_out},
      {"a{2000}", "a{2000}: character 2: invalid repetition size" + way_out},
      {"((a{100}){100}){100}",
       "((a{100}){100}){100}: character 4: invalid repetition size" + way_out},
      {"\\pL{1000}", "\\pL{1000}: pattern too large - compile failed: write a smaller one"},
  };
  for (const auto& test : kCases) {
    const absl::StatusOr<BodyPattern> pattern = BodyPattern::Make(test.pattern);
    ASSERT_FALSE(pattern.ok()) << test.pattern;
    EXPECT_EQ(pattern.status().message(), test.want);
  }
  EXPECT_TRUE(BodyPattern::Make(std::string(BodyPattern::kMaxBytes, 'x')).ok());
  EXPECT_FALSE(BodyPattern::Make(std::string(BodyPattern::kMaxBytes + 1, 'x')).ok());
  EXPECT_FALSE(BodyPattern::Make("\xff").ok());
}

}  // namespace
}  // namespace squall
