#include "common/json_path.h"

#include <string>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(JsonPath, IsRead) {
  const struct {
    const char* text;
    JsonPath path;
  } kCases[] = {
      {"$", {}},
      {"$.id", {"id"}},
      {"$.items[0].id", {"items", uint64_t{0}, "id"}},
      {"$[12]", {uint64_t{12}}},
      {"$['a name'][\"b\"].c-d_e", {"a name", "b", "c-d_e"}},
      {"$['it\\'s'].größe", {"it's", "größe"}},
      {"$['']", {""}},
  };
  for (const auto& test : kCases) {
    const absl::StatusOr<JsonPath> path = ParseJsonPath(test.text);
    ASSERT_TRUE(path.ok()) << path.status();
    EXPECT_TRUE(*path == test.path) << test.text;
  }
}

TEST(JsonPath, IsRefusedWithThePlaceAndAWayOut) {
  const std::string name = "a name is missing here: write e.g. .id, or ['a name']";
  const std::string index =
      "an index is a whole number from 0 on, and a name stands in quotes: write e.g. [0] or ['id']";
  const std::string value =
      "a value is JSON: write e.g. == 7, == \"text\" (with its quotes), == true or == null";
  const struct {
    std::string text;
    std::string want;
  } kCases[] = {
      {"", "\"\": character 1: a path begins with $: write e.g. $.items[0].id"},
      {"items", "items: character 1: a path begins with $: write e.g. $.items[0].id"},
      {"$.", "$.: character 3: " + name},
      {"$..id", "$..id: character 3: " + name},
      {"$.a[", "$.a[: character 5: " + index},
      {"$.a[-1]", "$.a[-1]: character 5: " + index},
      {"$.a[*]", "$.a[*]: character 5: " + index},
      {"$.a[id]", "$.a[id]: character 5: " + index},
      {"$.a[1", "$.a[1: character 6: a ] is missing here"},
      {"$['a]", "$['a]: character 3: this quote is not closed"},
      {"$['a'", "$['a': character 6: a ] is missing here"},
      {"$a", "$a: character 2: a path goes on with .name or [index], or ends with == and a value"},
      {"$.a = 7",
       "$.a = 7: character 5: a path goes on with .name or [index], or ends with == and a value"},
      {"$.a == ", "$.a == : character 8: " + value},
      {"$.a == seven", "$.a == seven: character 8: " + value},
      {"$.a == {}", "$.a == {}: character 8: " + value},
      {"$.a == 7 8", "$.a == 7 8: character 8: " + value},
  };
  for (const auto& test : kCases) {
    const absl::StatusOr<v1::JsonCheck> check = ParseJsonCheck(test.text);
    ASSERT_FALSE(check.ok()) << test.text;
    EXPECT_EQ(check.status().message(), test.want);
  }
  std::string deep = "$";
  for (size_t i = 0; i < kMaxJsonSteps; ++i) deep += ".a";
  EXPECT_TRUE(ParseJsonPath(deep).ok());
  EXPECT_FALSE(ParseJsonPath(deep + ".a").ok());
  EXPECT_FALSE(ParseJsonPath("$.a == 7").ok());
}

TEST(JsonCheck, HasOneForm) {
  const struct {
    const char* text;
    const char* path;
    const char* value;  // null: none
  } kCases[] = {
      {"$.a", "$.a", nullptr},
      {"$.a  ", "$.a", nullptr},
      {"$.a==7", "$.a", "7"},
      {"$.a == -7.5", "$.a", "-7.5"},
      {"$.a ==  \"b == c\" ", "$.a", "\"b == c\""},
      {"$ == null", "$", "null"},
  };
  for (const auto& test : kCases) {
    const absl::StatusOr<v1::JsonCheck> check = ParseJsonCheck(test.text);
    ASSERT_TRUE(check.ok()) << check.status();
    EXPECT_EQ(check->path(), test.path);
    ASSERT_EQ(check->has_value(), test.value != nullptr) << test.text;
    if (test.value != nullptr) {
      EXPECT_EQ(check->value(), test.value);
    }
    const absl::StatusOr<v1::JsonCheck> again = ParseJsonCheck(ToText(*check));
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(ToText(*again), ToText(*check));
  }
}

TEST(JsonScalar, IsTheSameHoweverItIsWritten) {
  const struct {
    const char* a;
    const char* b;
    bool same;
  } kCases[] = {
      {"7", "7", true},
      {"7", "7.0", true},
      {"-7", "-7.0", true},
      {"70", "7e1", true},
      {"7", "8", false},
      {"-1", "18446744073709551615", false},
      {"9007199254740993", "9007199254740992", false},
      {"9007199254740993", "9007199254740992.0", false},
      {"9007199254740992", "9007199254740992.0", true},
      {"18446744073709551615", "18446744073709551616.0", false},
      {"7", "7.5", false},
      {"\"7\"", "7", false},
      {"\"a\"", "\"\\u0061\"", true},
      {"true", "true", true},
      {"true", "1", false},
      {"null", "false", false},
      {"null", "null", true},
  };
  for (const auto& test : kCases) {
    const auto a = ParseJsonScalar(test.a);
    const auto b = ParseJsonScalar(test.b);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(AreSame(*a, *b), test.same) << test.a << " " << test.b;
    EXPECT_EQ(AreSame(*b, *a), test.same) << test.a << " " << test.b;
  }
  EXPECT_FALSE(ParseJsonScalar("340282366920938463463374607431768211455").ok());
}

}  // namespace
}  // namespace squall
