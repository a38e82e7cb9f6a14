#include "common/template.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "common/draw.h"
#include "common/zipf.h"
#include "tests/unit/template_support.h"

namespace squall {
namespace {

using testing::CompileFor;
using ::testing::MatchesRegex;
using testing::Render;
using testing::Rendered;

// The sum of (seen - expected)² / expected over cells, as a number of standard deviations from its
// mean (Wilson, Hilferty: "The distribution of chi-square", 1931).
double Deviations(const std::vector<double>& seen, const std::vector<double>& expected) {
  double sum = 0;
  for (size_t i = 0; i < seen.size(); ++i) {
    sum += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
  }
  const auto freedom = static_cast<double>(seen.size() - 1);
  const double spread = 2 / (9 * freedom);
  return (std::cbrt(sum / freedom) - (1 - spread)) / std::sqrt(spread);
}

TEST(Template, WhatPlaceholdersStandFor) {
  const auto feeder = Feeder::Parse("id,full name,path\n7,\"Tom \"\"T\"\" & Jerry\",a/b c\n", "f");
  ASSERT_TRUE(feeder.ok()) << feeder.status();
  struct Case {
    std::string name, text, body, url, header;
  };
  const Case cases[] = {
      {"no placeholder", "a{b}}c", "a{b}}c", "a{b}}c", "a{b}}c"},
      {"nothing", "", "", "", ""},
      {"seq", "{{seq}}", "12", "12", "12"},
      {"blanks", "{{ seq\t}}", "12", "12", "12"},
      {"several", "a{{seq}}{{seq}}b{{seq}}", "a1212b12", "a1212b12", "a1212b12"},
      {"beside braces", "{\"n\":{{seq}}}", "{\"n\":12}", "{\"n\":12}", "{\"n\":12}"},
      {"one integer", "{{int -5 -5}}", "-5", "-5", "-5"},
      {"the least", "{{int -9223372036854775808 -9223372036854775808}}", "-9223372036854775808",
       "-9223372036854775808", "-9223372036854775808"},
      {"one key", "{{zipf 1.1 1}}", "1", "1", "1"},
      {"one word", "{{pick a/b}}", "a/b", "a/b", "a/b"},
      {"word with a brace", "{{pick a} }}", "a}", "a}", "a}"},
      {"{{ itself", "{{\"{{\"}}x}}", "{{x}}", "{{x}}", "{{x}}"},
      {"time", "{{time rfc3339}}", "2024-02-29T23:59:59.007Z", "2024-02-29T23:59:59.007Z",
       "2024-02-29T23:59:59.007Z"},
      {"unix", "{{time unix}} {{time unix_ms}}", "1709251199 1709251199007",
       "1709251199 1709251199007", "1709251199 1709251199007"},
      {"column", "{{col id}}", "7", "7", "7"},
      {"column with blanks", "{{col \"full name\"}}", "Tom \"T\" & Jerry",
       "Tom%20%22T%22%20%26%20Jerry", "Tom \"T\" & Jerry"},
      {"column with a path", "{{col path}}", "a/b c", "a/b%20c", "a/b c"},
      {"variable", "{{env A}}", "x y", "x%20y", "x y"},
      {"file", "<{{file f}}>", "<1\n\n>", "<1>", "<1>"},
      {"what a value holds is no placeholder", "{{env B}}", "{{seq}}", "%7B%7Bseq%7D%7D",
       "{{seq}}"},
  };
  const std::map<std::string, std::string> inserted = {
      {"env A", "x y"}, {"env B", "{{seq}}"}, {"file f", "1\n\n"}};
  const TemplateInput input{.n = 12, .row = feeder->Row(0), .unix_ms = 1'709'251'199'007};
  for (const Case& c : cases) {
    const auto check = [&](TemplatePlace place, const std::string& want) {
      const auto compiled = CompileFor(place, c.text, &*feeder, inserted);
      ASSERT_TRUE(compiled.ok()) << c.name << ": " << compiled.status();
      EXPECT_EQ(Render(*compiled, input), want) << c.name;
      EXPECT_GE(compiled->Bound(input), want.size()) << c.name;
      EXPECT_GE(compiled->LargestBound(&*feeder), compiled->Bound(input)) << c.name;
    };
    check(TemplatePlace::kBody, c.body);
    check(TemplatePlace::kUrl, c.url);
    check(TemplatePlace::kHeader, c.header);
  }
}

TEST(Template, TextsAreOfAnyLength) {
  std::string text;
  for (size_t bytes = 0; bytes < 200; ++bytes) {
    text += static_cast<char>('a' + bytes % 26);
    EXPECT_EQ(Rendered(text + "{{seq}}" + text + "{{pick x}}" + text, 7),
              text + "7" + text + "x" + text);
  }
}

TEST(Template, ThereMayBeManyValues) {
  std::string text;
  std::string want;
  for (size_t values = 0; values < 200; ++values) {
    EXPECT_EQ(Rendered(text, 1'234'567), want) << values;
    text += "{{seq}} {{int 3 3}}";
    want += "1234567 3";
  }
  for (size_t i = 0; i < 20'000; ++i) text += "{{seq}}";
  EXPECT_EQ(Rendered(text, 5).size(), 200 * 3 + 20'000);
}

TEST(Template, NumbersAreOfAnySize) {
  for (const uint64_t n : {uint64_t{0}, uint64_t{999}, uint64_t{1'000}, uint64_t{999'999},
                           uint64_t{1'000'000}, std::numeric_limits<uint64_t>::max()}) {
    const std::string number = std::to_string(n);
    EXPECT_EQ(Rendered("a{{seq}}b", n), "a" + number + "b");
    if (n > std::numeric_limits<int64_t>::max()) continue;
    EXPECT_EQ(Rendered(fmt::format("a{{{{int {} {}}}}}b", n, n), n), "a" + number + "b");
    EXPECT_EQ(Rendered(fmt::format("a{{{{int -{} -{}}}}}b", n, n), n),
              (n == 0 ? "a" : "a-") + number + "b");
  }
}

// Changes to these values change what a seed means.
TEST(Template, ValuesFollowFromKeyAndNumber) {
  const std::string text =
      "{{int 1 100000}} {{zipf 1.1 100000}} {{uuid}} {{hex 17}} {{pick a b c}}";
  EXPECT_EQ(Rendered(text, 0), "72151 1 9c84dc3a-ae97-4406-a2aa-ebda761d4532 aec971331f50717c2 c");
  EXPECT_EQ(Rendered("{{hex 5}} {{int -9 9}} {{zipf 2 1000}}", 1'000'000), "8a0f5 5 1");
  for (const uint64_t n : {0U, 1U, 12'345U}) {
    EXPECT_EQ(Rendered("{{hex 17}}", n).substr(0, 16), Rendered("{{hex 16}}", n));
    EXPECT_EQ(Rendered("{{hex 5}}", n), Rendered("{{hex 16}}", n).substr(0, 5));
  }
  std::set<std::string> seen;
  for (uint64_t n = 0; n < 1000; ++n) seen.insert(Rendered(text, n));
  EXPECT_EQ(seen.size(), 1000U);
  const std::string two = Rendered("{{uuid}} {{uuid}}");
  EXPECT_NE(two.substr(0, 36), two.substr(37)) << "places differ";
}

TEST(Template, UuidsAreOfVersion4) {
  std::set<std::string> seen;
  for (uint64_t n = 0; n < 10'000; ++n) seen.insert(Rendered("{{uuid}}", n));
  EXPECT_EQ(seen.size(), 10'000U);
  for (const std::string& uuid : seen) {
    ASSERT_THAT(uuid, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                   "[0-9a-f]{12}"));
  }
}

TEST(Template, HexHasAsManyDigitsAsAsked) {
  for (const size_t digits : {1U, 2U, 15U, 16U, 17U, 32U, 33U, 1000U}) {
    const std::string hex = Rendered(fmt::format("{{{{hex {}}}}}", digits), 5);
    EXPECT_EQ(hex.size(), digits);
    EXPECT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos) << hex;
  }
}

TEST(Template, IntegersHaveTheirBounds) {
  std::set<std::string> seen;
  for (uint64_t n = 0; n < 1000; ++n) seen.insert(Rendered("{{int -2 2}}", n));
  EXPECT_EQ(seen, (std::set<std::string>{"-2", "-1", "0", "1", "2"}));
  std::set<std::string> all;
  for (uint64_t n = 0; n < 1000; ++n) {
    all.insert(Rendered("{{int -9223372036854775808 9223372036854775807}}", n));
  }
  EXPECT_EQ(all.size(), 1000U);
}

TEST(Template, IntegersAreEven) {
  constexpr int kCells = 100;
  constexpr int kDraws = 200'000;
  const auto compiled = CompileFor(TemplatePlace::kBody, "{{int 1 100}}");
  ASSERT_TRUE(compiled.ok());
  std::vector<double> seen(kCells);
  for (uint64_t n = 0; n < kDraws; ++n) {
    int value = 0;
    ASSERT_TRUE(absl::SimpleAtoi(Render(*compiled, {.n = n}), &value));
    ++seen.at(static_cast<size_t>(value) - 1);
  }
  EXPECT_LT(std::abs(Deviations(seen, std::vector<double>(kCells, kDraws / kCells))), 4);
}

TEST(Template, ZipfIsExact) {
  constexpr uint64_t kDraws = 100'000;
  for (const double exponent : {0.5, 1.0, 1.1, 2.5}) {
    for (const uint64_t keys : {2U, 10U, 100'000U}) {
      SCOPED_TRACE(fmt::format("exponent {}, {} keys", exponent, keys));
      const Zipf zipf(exponent, keys);
      std::map<uint64_t, double> seen;
      for (uint64_t n = 0; n < kDraws; ++n) ++seen[zipf.At(Mix(n + 1))];
      EXPECT_GE(seen.begin()->first, 1U);
      EXPECT_LE(seen.rbegin()->first, keys);
      double sum = 0;
      for (uint64_t k = 1; k <= keys; ++k) sum += std::pow(static_cast<double>(k), -exponent);
      // Cells of at least 50 expected draws, as many keys as that takes.
      std::vector<double> of_cells;
      std::vector<double> expected;
      double in_cell = 0;
      double due = 0;
      for (uint64_t k = 1; k <= keys; ++k) {
        due += static_cast<double>(kDraws) * std::pow(static_cast<double>(k), -exponent) / sum;
        if (const auto found = seen.find(k); found != seen.end()) in_cell += found->second;
        if (due < 50 && k != keys) continue;
        of_cells.push_back(in_cell);
        expected.push_back(due);
        in_cell = due = 0;
      }
      if (of_cells.size() < 2) continue;
      EXPECT_LT(std::abs(Deviations(of_cells, expected)), 4);
    }
  }
}

TEST(Template, ZipfTakesAnyNumberOfKeys) {
  for (const double exponent : {0.01, 1.0, Zipf::kMostExponent}) {
    const Zipf zipf(exponent, Zipf::kMostKeys);
    for (uint64_t n = 0; n < 10'000; ++n) {
      const uint64_t key = zipf.At(Mix(n));
      ASSERT_GE(key, 1U);
      ASSERT_LE(key, Zipf::kMostKeys);
    }
  }
}

TEST(Template, PartsMakeAWhole) {
  const auto compiled = CompileFor(TemplatePlace::kBody, "ab{{seq}}c#d{{seq}}e");
  ASSERT_TRUE(compiled.ok());
  const TemplateInput input{.n = 3};
  EXPECT_EQ(Render(*compiled, input), "ab3c#d3e");
  EXPECT_EQ(Render(compiled->WithoutBeginning(1), input), "b3c#d3e");
  EXPECT_EQ(Render(compiled->UpTo('#'), input), "ab3c");
  EXPECT_EQ(Render(compiled->UpTo('b'), input), "a");
  EXPECT_EQ(Render(compiled->UpTo('x'), input), "ab3c#d3e");
  Template whole("<");
  whole.Add(*compiled);
  whole.AddText(">");
  EXPECT_EQ(Render(whole, input), "<ab3c#d3e>");
  EXPECT_FALSE(whole.fixed());
}

TEST(Template, SaysWhereAMistakeIs) {
  struct Case {
    std::string text, want;
  };
  const Case cases[] = {
      {"é{{sq}}", "column 2: {{sq}}: no placeholder is called sq: did you mean seq?"},
      {"a\nb\n c{{sq}}",
       "line 3, column 3: {{sq}}: no placeholder is called sq: did you mean seq?"},
  };
  for (const Case& c : cases) {
    const auto compiled = CompileFor(TemplatePlace::kBody, c.text);
    EXPECT_EQ(compiled.status().message(), c.want);
  }
}

}  // namespace
}  // namespace squall
