#include "common/json_value.h"

#include <string>

#include <gtest/gtest.h>

namespace squall {
namespace {

JsonPath Path(const char* text) {
  const auto path = ParseJsonPath(text);
  EXPECT_TRUE(path.ok()) << path.status();
  return path.ok() ? *path : JsonPath();
}

JsonFound Read(const char* text, const char* path, v1::ScriptValue& value) {
  return ReadJsonAt(text, Path(path), value);
}

TEST(JsonValueTest, ReadsWhatIsThere) {
  v1::ScriptValue value;
  ASSERT_EQ(Read(R"({"a": {"b": [1, {"c": "text"}]}})", "$.a.b[1].c", value), JsonFound::kThere);
  EXPECT_EQ(value.text(), "text");
  ASSERT_EQ(Read("[true]", "$[0]", value), JsonFound::kThere);
  EXPECT_TRUE(value.boolean());
  ASSERT_EQ(Read("-2.5", "$", value), JsonFound::kThere);
  EXPECT_EQ(value.number(), -2.5);
}

TEST(JsonValueTest, MakesTablesOfArraysAndObjects) {
  v1::ScriptValue value;
  ASSERT_EQ(Read(R"({"list": [7, null, {"id": 9}]})", "$.list", value), JsonFound::kThere);
  ASSERT_EQ(value.table().entries_size(), 2) << "null is nothing";
  EXPECT_EQ(value.table().entries(0).key().number(), 1);
  EXPECT_EQ(value.table().entries(0).value().number(), 7);
  EXPECT_EQ(value.table().entries(1).key().number(), 3);
  const v1::ScriptTable& object = value.table().entries(1).value().table();
  ASSERT_EQ(object.entries_size(), 1);
  EXPECT_EQ(object.entries(0).key().text(), "id");
  EXPECT_EQ(object.entries(0).value().number(), 9);
}

TEST(JsonValueTest, SaysWhatIsNotThere) {
  v1::ScriptValue value;
  for (const char* path : {"$.b", "$.a.b", "$[0]", "$.n"}) {
    EXPECT_EQ(Read(R"({"a": 1, "n": null})", path, value), JsonFound::kNothing) << path;
  }
  for (const char* text : {"", "{", "{\"a\": 1} x", "<html>"}) {
    EXPECT_EQ(Read(text, "$", value), JsonFound::kNoJson) << text;
  }
  EXPECT_EQ(ReadJsonAt(std::string_view("1\0", 2), {}, value), JsonFound::kNoJson);
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  EXPECT_EQ(Read(deep.c_str(), "$", value), JsonFound::kTooDeep);
}

}  // namespace
}  // namespace squall
